// SPDX-License-Identifier: GPL-2.0
// The connections that fared worst before they were reset, of those that had been sampled: most
// retransmissions, then the longest round trips.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "model/host_report.h"

namespace tcptrace::report {

class WorstConnections {
 public:
  static constexpr std::size_t kKept = 12;

  // A reset that has a history. `boot_to_wall`: of its times.
  void add(const model::Event& event, const std::string& host,
           std::chrono::nanoseconds boot_to_wall);

  [[nodiscard]] const std::vector<model::WorstConnection>& connections() const { return worst_; }
  [[nodiscard]] std::uint64_t seen() const { return seen_; }

 private:
  std::vector<model::WorstConnection> worst_;  // the worst first
  std::uint64_t seen_ = 0;
};

}  // namespace tcptrace::report
