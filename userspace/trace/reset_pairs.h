// SPDX-License-Identifier: GPL-2.0
// Which resets belong together: both ends of one, where both are on this host, and those that one
// end sends for one connection. Pure: time is that of the events and of the caller.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "model/event.h"

namespace tcptrace::trace {

// A reset that comes gets its sender from the one that left, by the tuple that it had on the wire.
// The kernel tells of an active reset only after it has sent it (tcp_send_active_reset()), and on
// one host it may have arrived by then: what came is held for a moment. Addresses that are
// translated on the way do not match.
class ResetPairs {
 public:
  using Output = std::function<void(model::Event&&)>;

  // Longer than a reset is under way on one host, shaping included.
  static constexpr std::chrono::milliseconds kWindow{1000};
  // Longer than the kernel takes from sending a reset to telling of it, and no longer: another one
  // that leaves a moment later is not what came.
  static constexpr std::chrono::milliseconds kWait{2};

  ResetPairs();

  // The reset that had ended the connection for which `reply` was sent, if there was one. A reply
  // finds no socket then: what it answers was on its way.
  [[nodiscard]] std::optional<model::EarlierReset> earlier(const model::Event& reply) const;

  // `sent` has its verdict.
  void remember(const model::Event& sent);

  // Passes on what was held for the reset of `sender`, which is remembered.
  void settle(const model::Connection& sender, const Output& output);

  // Passes on `received` with its sender, or holds it.
  void push(model::Event&& received, const Output& output);

  // Passes on what was held for kWait at `now` (CLOCK_BOOTTIME).
  void advance(std::chrono::nanoseconds now, const Output& output);

  // Passes on everything: the trace has ended.
  void flush(const Output& output);

  // Something waits for advance().
  [[nodiscard]] bool holds() const { return !held_.empty(); }

 private:
  // What is known of the segment that was answered. An active reset answers none.
  struct Numbers {
    std::optional<std::uint32_t> seq{};
    std::optional<std::uint32_t> ack{};
  };
  struct Sent {
    std::chrono::nanoseconds boot_time{};
    model::Connection connection;
    model::ResetSender sender;
    std::string_view advice;
    Numbers answered;
    bool ended_it = false;  // and not: a refusal, a wrong segment in a handshake, a firewall's
    bool arrived = false;
  };
  enum class Same : std::uint8_t { kNo, kPerhaps, kYes };

  static Numbers answered_by(const model::Event& sent);
  // Whether a reset that is sent now is for the connection of `before`, not for a later one that
  // has its ports.
  static Same same_connection(const Sent& before, const model::Event& now);
  // The one that may have reached this end.
  [[nodiscard]] Sent& sent_to(const model::Connection& receiver);

  // Bounded: of the connections that share a place the latest stays.
  std::vector<Sent> places_;
  std::deque<model::Event> held_;
};

}  // namespace tcptrace::trace
