// SPDX-License-Identifier: GPL-2.0
// What `tcptrace monitor` prints without a screen: readings and alerts.
#pragma once

#include <string>

#include "model/alert.h"
#include "model/monitor.h"
#include "output/context.h"

namespace tcptrace::output {

// One line, '\n' included: {"schema":1,"type":"monitor",…}.
[[nodiscard]] std::string monitor_json(const model::MonitorReading& reading,
                                       const Context& context);
// Likewise: {"schema":1,"type":"alert",…}.
[[nodiscard]] std::string alert_json(const model::Alert& alert, const Context& context);

// The names of the columns of monitor_line().
[[nodiscard]] std::string monitor_header(const Context& context);
[[nodiscard]] std::string monitor_line(const model::MonitorReading& reading,
                                       const Context& context);
[[nodiscard]] std::string alert_line(const model::Alert& alert, const Context& context);

// All of it, for --once; verbose: with every row that is kept.
[[nodiscard]] std::string monitor_text(const model::MonitorReading& reading,
                                       const Context& context);

}  // namespace tcptrace::output
