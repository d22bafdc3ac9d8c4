// SPDX-License-Identifier: GPL-2.0
// A histogram of times with buckets of one relative width, so that a percentile is right to 0.5 %
// from 100 ns to 10,000 s. Histograms of several threads add up.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>

#include "model/latency.h"

namespace tcptrace::stress {

class LatencyHistogram {
 public:
  LatencyHistogram();
  ~LatencyHistogram();
  LatencyHistogram(LatencyHistogram&& other) noexcept;
  LatencyHistogram& operator=(LatencyHistogram&& other) noexcept;
  LatencyHistogram(const LatencyHistogram& other);
  LatencyHistogram& operator=(const LatencyHistogram& other);

  void record(std::chrono::nanoseconds time);
  LatencyHistogram& operator+=(const LatencyHistogram& other);

  [[nodiscard]] std::uint64_t count() const;
  // The time that this share (0 to 1) of the recorded times does not exceed; 0 without any.
  [[nodiscard]] std::chrono::nanoseconds quantile(double share) const;
  [[nodiscard]] model::Latency summary() const;

 private:
  struct Buckets;
  std::unique_ptr<Buckets> buckets_;
};

}  // namespace tcptrace::stress
