// SPDX-License-Identifier: GPL-2.0
// One thread of a load: begins its share of the connections when they are due. Shares nothing with
// the others; what it says of itself it says ten times a second.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>

#include "base/result.h"
#include "model/load.h"
#include "stress/latency_histogram.h"
#include "stress/load_connections.h"
#include "stress/load_plan.h"
#include "stress/load_tally.h"
#include "stress/schedule.h"

namespace tcptrace::stress {

// What a worker has done so far.
struct LoadState {
  model::LoadCounts counts;
  std::uint64_t in_flight = 0;
  LatencyHistogram connect;
};

class LoadWorker {
 public:
  // The `share`-th of the plan's threads. The plan outlives it.
  LoadWorker(const LoadPlan& plan, std::uint32_t share);

  [[nodiscard]] Result<void> open() { return connections_.open(); }
  // Until its share is done, the time is over, or `stop`. `start`: of the schedule, CLOCK_BOOTTIME.
  void run(std::chrono::nanoseconds start, const std::atomic<bool>& stop);

  // From any thread, at any time.
  [[nodiscard]] LoadState state() const;
  // Once run() has returned.
  [[nodiscard]] const LoadTally& tally() const { return tally_; }

 private:
  void begin_due();
  [[nodiscard]] bool done() const { return left_ == 0 && connections_.in_flight() == 0; }
  [[nodiscard]] bool may_begin() const { return left_ > 0 && !connections_.full(); }
  [[nodiscard]] std::chrono::nanoseconds next_event();
  void tick();
  void publish();

  const LoadPlan& plan_;
  std::uint32_t share_;
  LoadTally tally_;
  LoadConnections connections_;
  std::optional<Schedule> schedule_;
  std::uint64_t left_;  // still to be begun
  std::chrono::nanoseconds end_ = std::chrono::nanoseconds::max();
  std::chrono::nanoseconds next_tick_{};
  mutable std::mutex mutex_;
  LoadState published_;
};

}  // namespace tcptrace::stress
