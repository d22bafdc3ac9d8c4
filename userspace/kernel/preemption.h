// SPDX-License-Identifier: GPL-2.0
// Whether the kernel can preempt a thread in the midst of a function hook (fentry, fexit). It then
// passes over that program on that processor until the thread goes on (the `active` counter of
// __bpf_prog_enter_recur()): what other threads do meanwhile is not seen.
#pragma once

#include <optional>
#include <string_view>

namespace tcptrace::kernel {

// `mode`: what sched/preempt in debugfs says ("none voluntary (full) lazy"), absent where it is not
// there or cannot be read. `version`: of uname(2). Where these do not tell, it does. Pure.
[[nodiscard]] bool preempts(std::optional<std::string_view> mode, std::string_view version);

// Of the running kernel.
[[nodiscard]] bool kernel_preempts();

}  // namespace tcptrace::kernel
