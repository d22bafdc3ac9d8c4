// SPDX-License-Identifier: GPL-2.0
// What the environment says about this machine's kernel: whether it shows BPF every event.
#pragma once

#include "stress/wait.h"

namespace tcptrace::live {

// The vocabulary of the scenarios is that of their tests.
using namespace stress;  // NOLINT(google-build-using-namespace)

// Of the kernel that runs: 6.18 is at least 6.17.
[[nodiscard]] bool kernel_is_at_least(int major, int minor);
// TCPTRACE_EXPECT_EXACT: every event reaches BPF on this kernel. Elsewhere a few per cent of those
// in softirq may not.
[[nodiscard]] bool exact_counts();
// TCPTRACE_TEST_ATTACH: with kprobes a kernel skips a program that interrupts any other on its CPU
// (bpf_prog_active), and a probe that interrupts any other (kprobe_running()).
[[nodiscard]] bool may_skip_events();
// Whether it counts these: from v6.7 on.
[[nodiscard]] bool counts_skipped_events();
// How often a scenario may be played until it is seen whole.
[[nodiscard]] int attempts();

}  // namespace tcptrace::live
