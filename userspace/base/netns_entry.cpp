// SPDX-License-Identifier: GPL-2.0
#include "base/netns_entry.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/stat.h>

#include <cerrno>

#include "base/unique_fd.h"

namespace tcptrace {
namespace {

constexpr const char* kOwnNetns = "/proc/thread-self/ns/net";

bool is_inode(int fd, std::uint32_t inode) {
  struct stat status {};
  return ::fstat(fd, &status) == 0 && status.st_ino == inode;
}

Error not_entered(const std::string& path, int code) {
  Error error = system_error("cannot enter " + path, code);
  if (code == EPERM || code == EACCES) {
    error.hint = "that takes CAP_SYS_ADMIN and CAP_SYS_PTRACE";
    error.status = ExitStatus::kUnsupported;
  }
  return error;
}

}  // namespace

// A process that has exited may have left its number to another: the inode decides.
Result<void> enter_netns(std::uint32_t inode, std::span<const std::string> paths) {
  if (const UniqueFd own(::open(kOwnNetns, O_RDONLY | O_CLOEXEC));
      own.valid() && is_inode(own.get(), inode)) {
    return {};
  }
  Error error{.what = "it is gone", .hint = {}, .errno_code = ENOENT};
  for (const std::string& path : paths) {
    const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd.valid()) {
      if (errno != ENOENT) {
        error = not_entered(path, errno);
      }
      continue;
    }
    if (!is_inode(fd.get(), inode)) {
      continue;
    }
    if (::setns(fd.get(), CLONE_NEWNET) == 0) {
      return {};
    }
    error = not_entered(path, errno);
  }
  return std::unexpected(error);
}

}  // namespace tcptrace
