// SPDX-License-Identifier: GPL-2.0
// What a distribution of times is summed up to.
#pragma once

#include <chrono>
#include <cstdint>

namespace tcptrace::model {

// All zero while `count` is. The mean, the least and the greatest are exact.
struct Latency {
  std::uint64_t count = 0;
  std::chrono::nanoseconds min{};
  std::chrono::nanoseconds mean{};
  std::chrono::nanoseconds p50{};
  std::chrono::nanoseconds p90{};
  std::chrono::nanoseconds p99{};
  std::chrono::nanoseconds p99_9{};
  std::chrono::nanoseconds max{};

  bool operator==(const Latency&) const = default;
};

}  // namespace tcptrace::model
