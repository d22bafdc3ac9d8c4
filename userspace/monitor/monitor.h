// SPDX-License-Identifier: GPL-2.0
// The fold over everything that is measured: samples, walks and events in, one reading an interval
// and the changes of alerts out. Pure, and bounded however long it runs.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "model/alert.h"
#include "model/event.h"
#include "model/monitor.h"
#include "model/monitor_config.h"
#include "monitor/alerts.h"
#include "monitor/retry.h"
#include "monitor/saturation.h"
#include "monitor/trace_tally.h"

namespace tcptrace::monitor {

// The values of a window, at most kMaxPoints: where intervals are more, a point is the mean of
// several.
class Series {
 public:
  static constexpr std::size_t kMaxPoints = 600;

  Series(std::chrono::nanoseconds interval, std::chrono::nanoseconds window);

  void add(double value);
  [[nodiscard]] std::vector<double> values() const { return {points_.begin(), points_.end()}; }
  [[nodiscard]] std::chrono::nanoseconds spacing() const { return interval_ * stride_; }

 private:
  std::chrono::nanoseconds interval_;
  std::int64_t stride_;
  std::size_t room_;
  std::deque<double> points_;
  double sum_ = 0;
  std::int64_t summed_ = 0;
};

class Monitor {
 public:
  Monitor(const model::MonitorConfig& config, std::chrono::nanoseconds interval);

  // Returns what changed, as the next does.
  [[nodiscard]] std::vector<model::Alert> take(const model::MonitorSample& sample);
  [[nodiscard]] std::vector<model::Alert> take(model::MonitorWalk walk);
  // Of a tracer, if there is one.
  void note(const model::Event& event);
  void note_losses(const model::LossCounts& lost) { tally_.note_losses(lost); }

  // Samples come this often from now on: series and trends begin anew.
  void set_interval(std::chrono::nanoseconds interval);

  // As of the last sample; `traced`: with what the tracer saw.
  [[nodiscard]] model::MonitorReading reading(bool traced) const;

 private:
  struct Attempts {
    std::chrono::nanoseconds boot_time{};
    std::uint64_t begun = 0;
    std::uint64_t failed = 0;
  };

  void note_attempts(const model::MonitorRates& rates);
  [[nodiscard]] std::optional<double> error_rate() const;
  [[nodiscard]] std::optional<double> known_error_rate() const;
  void note_series();

  model::MonitorConfig config_;
  std::chrono::nanoseconds interval_;
  AlertBook alerts_;
  RetryFinder retries_;
  TraceTally tally_;
  std::optional<model::MonitorSample> sample_;
  std::optional<model::MonitorRates> rates_;
  std::optional<model::MonitorWalk> walk_;
  std::deque<Attempts> attempts_;
  std::optional<std::chrono::nanoseconds> last_opening_;  // Tcp.ActiveOpens has grown
  double last_error_rate_ = 0;                            // that was known
  std::vector<Series> series_;                            // by Metric
};

}  // namespace tcptrace::monitor
