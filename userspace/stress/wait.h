// SPDX-License-Identifier: GPL-2.0
// Deadlines, longer on a machine that says it is slow.
#pragma once

#include <chrono>
#include <concepts>
#include <thread>

namespace tcptrace::stress {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace): literals only

// TCPTRACE_TIMEOUT_SCALE: deadlines are this much longer, for emulated machines.
[[nodiscard]] double timeout_scale();
[[nodiscard]] std::chrono::milliseconds scaled(std::chrono::milliseconds timeout);

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

}  // namespace tcptrace::stress
