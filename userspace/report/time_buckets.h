// SPDX-License-Identifier: GPL-2.0
// Values over time in a bounded number of pieces, which become longer as the time does. They may
// come in any order.
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <utility>

namespace tcptrace::report {

inline constexpr std::chrono::milliseconds kDay = std::chrono::hours(24);
// Each is a multiple of the one before, and a length that people count in. The last reaches over
// all times that 64 bits of nanoseconds can tell.
inline constexpr std::array<std::chrono::milliseconds, 20> kBucketWidths = {
    std::chrono::milliseconds(10),
    std::chrono::milliseconds(50),
    std::chrono::milliseconds(100),
    std::chrono::milliseconds(500),
    std::chrono::seconds(1),
    std::chrono::seconds(5),
    std::chrono::seconds(10),
    std::chrono::seconds(30),
    std::chrono::minutes(1),
    std::chrono::minutes(5),
    std::chrono::minutes(10),
    std::chrono::minutes(30),
    std::chrono::hours(1),
    std::chrono::hours(6),
    std::chrono::hours(12),
    kDay,
    7 * kDay,
    28 * kDay,
    140 * kDay,
    700 * kDay};

// `Value` has merge(const Value&).
template <typename Value>
class TimeBuckets {
 public:
  static constexpr std::size_t kMost = 600;  // between the first and the last

  // That of the piece that `wall` is in; valid until the next call.
  Value& at(std::chrono::nanoseconds wall) {
    while (!has_room_for(index_of(wall))) {
      coarsen();
    }
    return values_[index_of(wall)];
  }

  [[nodiscard]] std::chrono::nanoseconds width() const { return kBucketWidths[step_]; }

  // In order of time: each(beginning, value).
  template <typename Each>
  void for_each(const Each& each) const {
    for (const auto& [index, value] : values_) {
      each(index * width(), value);
    }
  }

 private:
  [[nodiscard]] std::int64_t index_of(std::chrono::nanoseconds wall) const {
    const std::int64_t whole = wall / width();
    return wall % width() < std::chrono::nanoseconds::zero() ? whole - 1 : whole;
  }

  [[nodiscard]] bool has_room_for(std::int64_t index) const {
    if (values_.empty() || step_ + 1 == kBucketWidths.size()) {
      return true;
    }
    const std::int64_t first = std::min(index, values_.begin()->first);
    const std::int64_t last = std::max(index, values_.rbegin()->first);
    return static_cast<std::uint64_t>(last) - static_cast<std::uint64_t>(first) < kMost;
  }

  void coarsen() {
    const std::chrono::nanoseconds old_width = width();
    ++step_;
    const std::map<std::int64_t, Value> finer = std::exchange(values_, {});
    for (const auto& [index, value] : finer) {
      const auto [into, is_new] = values_.try_emplace(index_of(index * old_width), value);
      if (!is_new) {
        into->second.merge(value);
      }
    }
  }

  std::size_t step_ = 0;
  std::map<std::int64_t, Value> values_;
};

}  // namespace tcptrace::report
