// SPDX-License-Identifier: GPL-2.0
// What `tcptrace tune` prints.
#pragma once

#include <string>
#include <string_view>

#include "model/tune.h"
#include "output/context.h"

namespace tcptrace::output {

// "set", "adjusted", "refused", "read_only", "absent", "rolled_back", "not_back",
// "left".
[[nodiscard]] std::string_view setting_outcome_name(model::SettingOutcome outcome);
// "none", "web", "proxy", "low-memory".
[[nodiscard]] std::string_view tune_profile_name(model::TuneProfile profile);

// Verbose: also what was looked at and stays.
[[nodiscard]] std::string tune_text(const model::TuneReport& report, const Context& context);

// One line, '\n' included: {"schema":1,"type":"tune",…}
[[nodiscard]] std::string tune_json(const model::TuneReport& report, const Context& context);

}  // namespace tcptrace::output
