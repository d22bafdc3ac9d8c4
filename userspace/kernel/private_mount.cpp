// SPDX-License-Identifier: GPL-2.0
#include "kernel/private_mount.h"

#include <fcntl.h>
#include <linux/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cstddef>

namespace tcptrace::kernel {

UniqueFd mount_private(const char* type) {
  const UniqueFd context(static_cast<int>(::syscall(SYS_fsopen, type, FSOPEN_CLOEXEC)));
  if (!context.valid() ||
      ::syscall(SYS_fsconfig, context.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) != 0) {
    return {};
  }
  return UniqueFd(static_cast<int>(::syscall(SYS_fsmount, context.get(), FSMOUNT_CLOEXEC, 0)));
}

std::optional<std::string> read_line_at(int directory, const char* path) {
  const UniqueFd file(::openat(directory, path, O_RDONLY | O_CLOEXEC));
  std::array<char, 64> text{};
  const ssize_t size = file.valid() ? ::read(file.get(), text.data(), text.size()) : -1;
  return size > 0 ? std::optional(std::string(text.data(), static_cast<std::size_t>(size)))
                  : std::nullopt;
}

}  // namespace tcptrace::kernel
