// SPDX-License-Identifier: GPL-2.0
// What the environment says about this machine's kernel: whether it shows BPF every event.
#pragma once

#include "stress/wait.h"

namespace tcptrace::live {

// The vocabulary of the scenarios is that of their tests.
using namespace stress;  // NOLINT(google-build-using-namespace)

// TCPTRACE_EXPECT_EXACT: every event reaches BPF on this kernel. Elsewhere a few per cent of those
// in softirq may not.
[[nodiscard]] bool exact_counts();
// TCPTRACE_TEST_ATTACH: with kprobes a kernel skips a program that interrupts any other on its CPU
// (bpf_prog_active), and before v6.7 does not count it.
[[nodiscard]] bool may_skip_events();
// How often a scenario may be played until it is seen whole.
[[nodiscard]] int attempts();

}  // namespace tcptrace::live
