// SPDX-License-Identifier: GPL-2.0
// What the attempts of a probe add up to. Pure.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "model/probe.h"
#include "stress/latency_histogram.h"

namespace tcptrace::stress {

class ProbeTotals {
 public:
  void add(const model::ProbeAttempt& attempt);
  // Without time, duration and reason.
  [[nodiscard]] model::ProbeSummary summary() const;

 private:
  struct OfAddress {
    model::ProbeAddress counts;
    LatencyHistogram connect;
    std::optional<std::chrono::nanoseconds> previous;
  };
  void add_connect(const model::ProbeConnect& connect);
  OfAddress& of(const model::ProbeConnect& connect);

  model::ProbeSummary counts_;
  LatencyHistogram resolve_, connect_, rtt_, first_byte_;
  std::vector<OfAddress> addresses_;
  std::chrono::nanoseconds differences_{};
  std::uint64_t pairs_ = 0;
};

}  // namespace tcptrace::stress
