// SPDX-License-Identifier: GPL-2.0
// Parts of the monitor's JSON records. Private to output/.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "model/monitor.h"
#include "output/json_record.h"
#include "output/monitor.h"

namespace tcptrace::output {

// The fields of an alert, without its brackets.
void write_alert(JsonWriter& json, const model::Alert& alert, const Context& context);

// "sockets":{…}, of a walk.
void write_walk(JsonWriter& json, const model::MonitorReading& reading);

}  // namespace tcptrace::output
