// SPDX-License-Identifier: GPL-2.0
// What of a host's settings its counters and its sockets speak against, and what to set instead.
// Pure: numbers in, proposals out.
#pragma once

#include <string_view>
#include <vector>

#include "model/tune.h"

namespace tcptrace::tune {

// The settings that advise() wants to know.
[[nodiscard]] std::vector<std::string_view> settings();

[[nodiscard]] model::TunePlan advise(const model::TuneInput& input);

}  // namespace tcptrace::tune
