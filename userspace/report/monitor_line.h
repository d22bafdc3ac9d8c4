// SPDX-License-Identifier: GPL-2.0
// A line of `tcptrace monitor --json`, as far as a report needs it.
#pragma once

#include <chrono>
#include <vector>

#include "model/host_report.h"

namespace tcptrace::report {

// A reading of a monitor.
struct MonitorLine {
  std::chrono::nanoseconds at{};
  model::GaugeValues gauges{};
  std::vector<model::ReportAlert> alerts{};  // that are raised
};

}  // namespace tcptrace::report
