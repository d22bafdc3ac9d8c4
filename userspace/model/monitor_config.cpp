// SPDX-License-Identifier: GPL-2.0
#include "model/monitor_config.h"

#include <algorithm>
#include <array>

namespace tcptrace::model {
namespace {

using C = MonitorConfig;

constexpr double kMostSockets = 1e9;

constexpr MonitorKey threshold(std::string_view name, double max, bool whole,
                               std::optional<double> C::*member) {
  return {
      .name = name, .min = whole ? 1.0 : 0.001, .max = max, .whole = whole, .threshold = member};
}

constexpr MonitorKey number(std::string_view name, double min, double max, bool whole,
                            double C::*member) {
  return {.name = name, .min = min, .max = max, .whole = whole, .value = member};
}

constexpr std::array kKeys = {
    threshold("max_connections", kMostSockets, true, &C::max_connections),
    threshold("time_wait", kMostSockets, true, &C::time_wait),
    threshold("connection_rate", kMostSockets, false, &C::connection_rate),
    threshold("error_rate", 100, false, &C::error_rate),
    threshold("port_use", 100, false, &C::port_use),
    threshold("listener_backlog", 100, false, &C::listener_backlog),
    number("critical_factor", 1, 1000, false, &C::critical_factor),
    number("raise_after", 1, 3600, true, &C::raise_after),
    number("clear_after", 1, 3600, true, &C::clear_after),
    number("clear_below", 1, 100, false, &C::clear_below),
    number("error_window_s", 1, 3600, false, &C::error_window_s),
    number("error_min_connections", 1, kMostSockets, true, &C::error_min_connections),
    number("trend_window_s", 10, 86400, false, &C::trend_window_s),
    number("trend_change", 1, 1000, false, &C::trend_change),
    number("cpu_percent", 1, 100, false, &C::cpu_percent),
};

}  // namespace

std::span<const MonitorKey> monitor_keys() { return kKeys; }

double critical_threshold(AlertKind kind, double threshold, const MonitorConfig& config) {
  switch (kind) {
    case AlertKind::kMaxConnections:
    case AlertKind::kTimeWait:
    case AlertKind::kConnectionRate:
      return threshold * config.critical_factor;
    case AlertKind::kErrorRate:
      return std::min(threshold * config.critical_factor, 100.0);
    case AlertKind::kPortUse:
    case AlertKind::kListenerBacklog:
      return threshold + (100 - threshold) / 2;
  }
  return threshold;
}

}  // namespace tcptrace::model
