// SPDX-License-Identifier: GPL-2.0
// What the tracer saw, by cause: since the beginning and in the last minute. Pure, and of a fixed
// size however long it runs.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>

#include "model/event.h"
#include "model/monitor.h"

namespace tcptrace::monitor {

class TraceTally {
 public:
  static constexpr std::chrono::seconds kRecent{60};
  static constexpr std::size_t kLatest = 64;  // events that are kept

  void note(const model::Event& event);
  void note_losses(const model::LossCounts& lost) { lost_ = lost; }

  [[nodiscard]] model::MonitorTrace trace(std::chrono::nanoseconds now) const;

 private:
  static constexpr std::size_t kWays = 3;  // sent, received, failed without a reset
  static constexpr std::size_t kRetransmitTypes = 7;
  template <typename T>
  struct Counts {
    std::array<std::array<T, kWays>, model::kCauses> causes{};
    std::array<T, kRetransmitTypes> segments{};
  };
  struct Second {
    std::int64_t number = 0;
    Counts<std::uint32_t> counts{};
  };

  [[nodiscard]] Second& second_of(std::chrono::nanoseconds boot_time);

  Counts<std::uint64_t> total_;
  std::deque<Second> seconds_;
  std::deque<model::Event> latest_;
  model::LossCounts lost_;
};

}  // namespace tcptrace::monitor
