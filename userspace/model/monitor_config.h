// SPDX-License-Identifier: GPL-2.0
// What the monitor judges by: thresholds and how they are applied, with the keys of its
// configuration file. Plain data.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "model/alert.h"

namespace tcptrace::model {

// A threshold that is empty raises no alert. Shares are in percent.
struct MonitorConfig {
  std::optional<double> max_connections = 1000;
  std::optional<double> time_wait = 5000;
  std::optional<double> connection_rate = 100;
  std::optional<double> error_rate = 5;
  std::optional<double> port_use = 80;
  std::optional<double> listener_backlog = 80;

  double critical_factor = 2;
  double raise_after = 2;
  double clear_after = 3;
  double clear_below = 90;
  double error_window_s = 10;
  double error_min_connections = 10;
  double trend_window_s = 300;
  double trend_change = 50;
  double cpu_percent = 10;
};

struct MonitorKey {
  std::string_view name;
  double min = 0;
  double max = 0;
  bool whole = false;  // no fractions
  // One of the two: a threshold may be null.
  std::optional<double> MonitorConfig::*threshold = nullptr;
  double MonitorConfig::*value = nullptr;
};

[[nodiscard]] std::span<const MonitorKey> monitor_keys();

// Where a warning becomes critical. Of counts, rates and the share of errors, at the threshold
// times `critical_factor`; of what can be full, half of the way there.
[[nodiscard]] double critical_threshold(AlertKind kind, double threshold,
                                        const MonitorConfig& config);

}  // namespace tcptrace::model
