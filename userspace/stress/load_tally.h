// SPDX-License-Identifier: GPL-2.0
// What one thread of a load has counted and measured. Tallies add up. Opens nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

#include "model/load.h"
#include "stress/latency_histogram.h"

namespace tcptrace::stress {

// The fields of TCP_INFO that a load reports.
struct TcpSample {
  std::uint32_t rtt_us = 0;
  std::uint32_t snd_cwnd = 0;
  std::uint32_t total_retrans = 0;
};

// Samples of a run of any length in bounded memory: once it is full every second one goes, and of
// the later ones as many.
class TcpSamples {
 public:
  void add(const TcpSample& sample);
  TcpSamples& operator+=(const TcpSamples& other);
  [[nodiscard]] model::LoadTcpInfo summary() const;

 private:
  std::vector<TcpSample> samples_;
  std::uint64_t stride_ = 1;  // of so many samples one is kept
  std::uint64_t offered_ = 0;
};

struct LoadTally {
  model::LoadCounts counts;
  LatencyHistogram connect;
  LatencyHistogram request;
  LatencyHistogram from_schedule;
  TcpSamples tcp;
  std::map<model::LoadFailure, std::uint64_t> failures;
  std::vector<model::FailedConnection> failed;
  std::uint64_t failed_beyond = 0;
  std::uint64_t overdue = 0;

  LoadTally& operator+=(const LoadTally& other);
};

// Into a report that has the options already.
void summarize(const LoadTally& tally, model::LoadReport& report);

}  // namespace tcptrace::stress
