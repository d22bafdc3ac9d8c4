// SPDX-License-Identifier: GPL-2.0
// When connections are due in an open loop: at times that the answers of the server do not move.
// Reads no clock.
#pragma once

#include <chrono>
#include <cmath>
#include <cstdint>
#include <limits>

namespace tcptrace::stress {

// One of several that share a rate: it has every `shares`-th time of the whole.
class Schedule {
 public:
  struct Share {
    std::uint32_t index = 0;
    std::uint32_t shares = 1;
  };

  Schedule(std::chrono::nanoseconds start, double per_second, Share share)
      : start_(start), interval_ns_(1e9 / per_second), number_(share.index), step_(share.shares) {}

  // Computed from its number, so that no rounding adds up.
  [[nodiscard]] std::chrono::nanoseconds next() const {
    const double offset = static_cast<double>(number_) * interval_ns_;
    // A hundred years: a rate so low has no next time.
    constexpr double kNever = 100 * 365.25 * 24 * 3600 * 1e9;
    return start_ + std::chrono::nanoseconds(std::llround(offset < kNever ? offset : kNever));
  }
  void advance() { number_ += step_; }

  // Of the times from next() on, how many are before `end`.
  [[nodiscard]] std::uint64_t due_before(std::chrono::nanoseconds end) const {
    Schedule rest = *this;
    const double left = static_cast<double>((end - next()).count());
    if (left <= 0) {
      return 0;
    }
    // One step aside for the rounding of next().
    auto count = static_cast<std::uint64_t>(left / (interval_ns_ * static_cast<double>(step_)));
    rest.number_ += count * step_;
    while (rest.next() < end) {
      rest.advance();
      ++count;
    }
    return count;
  }

 private:
  std::chrono::nanoseconds start_;
  double interval_ns_;
  std::uint64_t number_;
  std::uint64_t step_;
};

}  // namespace tcptrace::stress
