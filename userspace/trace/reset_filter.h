// SPDX-License-Identifier: GPL-2.0
// Settles which tcp_reset() was caused by an RST. Pure: time is that of the events and of the
// caller.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>

#include "model/event.h"

namespace tcptrace::trace {

// tcp_rcv_state_process() resets our own socket, without any RST, when data reaches a FIN_WAIT1 or
// FIN_WAIT2 socket that will not read any more, and replies with a reset to the same segment. An
// ambiguous "received" is therefore held until the reset sent by the same connection shows up (then
// it was false) or the wait is over (then it was true).
class ResetFilter {
 public:
  using Output = std::function<void(model::Event&&)>;

  // The reply follows at once, but a virtual machine can stand still in between.
  static constexpr std::chrono::milliseconds kWait{60};

  // Passes on `event`, or holds it, in the order of time as far as holding allows.
  void push(model::Event&& event, const Output& output);

  // Passes on what was held for kWait at `now` (CLOCK_BOOTTIME).
  void advance(std::chrono::nanoseconds now, const Output& output);

  // Passes on everything: the trace has ended.
  void flush(const Output& output);

  [[nodiscard]] bool holds() const { return !held_.empty(); }
  [[nodiscard]] std::uint64_t suppressed() const { return suppressed_; }

 private:
  std::deque<model::Event> held_;
  std::uint64_t suppressed_ = 0;
};

}  // namespace tcptrace::trace
