// SPDX-License-Identifier: GPL-2.0
// Deadlines, and what the environment says about this machine: how slow it is and whether its
// kernel shows BPF every event.
#pragma once

#include <chrono>
#include <concepts>
#include <thread>

namespace tcptrace::live {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace): literals only

// TCPTRACE_TIMEOUT_SCALE: deadlines are this much longer, for emulated machines.
[[nodiscard]] double timeout_scale();
[[nodiscard]] std::chrono::milliseconds scaled(std::chrono::milliseconds timeout);

// TCPTRACE_EXPECT_EXACT: every event reaches BPF on this kernel. Elsewhere a few per cent of those
// in softirq may not.
[[nodiscard]] bool exact_counts();
// TCPTRACE_TEST_ATTACH: with kprobes a kernel skips a program that interrupts any other on its CPU
// (bpf_prog_active), and before v6.7 does not count it.
[[nodiscard]] bool may_skip_events();
// How often a scenario may be played until it is seen whole.
[[nodiscard]] int attempts();

// Polls until the predicate holds; false after the (scaled) deadline.
template <std::predicate Predicate>
bool wait_until(Predicate predicate, std::chrono::milliseconds timeout = 5s) {
  const auto deadline = Clock::now() + scaled(timeout);
  while (!predicate()) {
    if (Clock::now() >= deadline) {
      return false;
    }
    std::this_thread::sleep_for(1ms);
  }
  return true;
}

// For conditions that make a scenario what it is: throws with `what` when they do not come true.
void require(bool condition, const char* what);

}  // namespace tcptrace::live
