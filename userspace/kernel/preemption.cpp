// SPDX-License-Identifier: GPL-2.0
#include "kernel/preemption.h"

#include <fcntl.h>
#include <sys/utsname.h>

#include <string>

#include "base/unique_fd.h"
#include "kernel/private_mount.h"

namespace tcptrace::kernel {
namespace {

std::string_view chosen(std::string_view mode) {
  const std::size_t open = mode.find('(');
  const std::size_t close = mode.find(')', open);
  return close == std::string_view::npos ? std::string_view()
                                         : mode.substr(open + 1, close - open - 1);
}

// Of CONFIG_PREEMPT_DYNAMIC: sched_dynamic_show() in kernel/sched/debug.c.
std::optional<std::string> read_mode() {
  if (auto mode = read_line_at(AT_FDCWD, "/sys/kernel/debug/sched/preempt")) {
    return mode;
  }
  const UniqueFd debugfs = mount_private("debugfs");
  return debugfs.valid() ? read_line_at(debugfs.get(), "sched/preempt") : std::nullopt;
}

}  // namespace

bool preempts(std::optional<std::string_view> mode, std::string_view version) {
  if (mode) {
    const std::string_view name = chosen(*mode);
    return name != "none" && name != "voluntary";
  }
  // "#1 SMP PREEMPT_DYNAMIC Debian 6.18.15-1": UTS_VERSION of init/Makefile.
  return version.find("PREEMPT") != std::string_view::npos;
}

bool kernel_preempts() {
  utsname names{};
  ::uname(&names);
  const std::optional<std::string> mode = read_mode();
  return preempts(mode ? std::optional<std::string_view>(*mode) : std::nullopt, names.version);
}

}  // namespace tcptrace::kernel
