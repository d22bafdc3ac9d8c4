// SPDX-License-Identifier: GPL-2.0
// An event out of what output/json.cpp made of it, as far as a report needs it. Private to report/.
#pragma once

#include <functional>
#include <optional>
#include <string_view>

#include "model/event.h"
#include "report/json_values.h"

namespace tcptrace::report {

// `keep` gives a text that outlives the event. Empty: `record` is no event, or lacks what every
// event has.
using KeepText = std::function<std::string_view(std::string_view)>;
[[nodiscard]] std::optional<model::Event> event_of(const Json& record, const KeepText& keep);

// "local": …, "peer": … and what else "connection" holds.
[[nodiscard]] std::optional<model::Connection> connection_of(const Json& object);
[[nodiscard]] std::optional<model::Process> process_of(const Json& record);

}  // namespace tcptrace::report
