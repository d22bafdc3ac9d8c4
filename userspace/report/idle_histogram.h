// SPDX-License-Identifier: GPL-2.0
// How long connections had carried no data when they were reset, by lengths that people set
// timeouts to.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <vector>

#include "model/host_report.h"

namespace tcptrace::report {

class IdleHistogram {
 public:
  static constexpr std::size_t kBuckets = 44;

  void add(std::chrono::milliseconds idle, bool sent);

  // In order, from the first to the last that is not empty.
  [[nodiscard]] std::vector<model::IdleBucket> buckets() const;

 private:
  struct Count {
    std::uint64_t sent = 0;
    std::uint64_t received = 0;
  };
  std::array<Count, kBuckets> counts_{};
};

}  // namespace tcptrace::report
