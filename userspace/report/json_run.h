// SPDX-License-Identifier: GPL-2.0
// What a run says about itself, out of what output/json_report.cpp made of it. Private to report/.
#pragma once

#include <optional>

#include "model/host_report.h"
#include "model/record.h"
#include "model/report.h"
#include "report/json_values.h"
#include "report/monitor_line.h"

namespace tcptrace::report {

// Empty: it lacks what every such record has.
[[nodiscard]] std::optional<model::Hooks> hooks_of(const Json& record);
[[nodiscard]] std::optional<model::Lost> lost_of(const Json& record);
[[nodiscard]] std::optional<model::Summary> summary_of(const Json& record);
[[nodiscard]] std::optional<model::ReportAlert> alert_of(const Json& record);

[[nodiscard]] std::optional<MonitorLine> monitor_of(const Json& record);

}  // namespace tcptrace::report
