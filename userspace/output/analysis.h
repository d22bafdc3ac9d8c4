// SPDX-License-Identifier: GPL-2.0
// What `tcptrace analyze` prints.
#pragma once

#include <string>

#include "model/analysis.h"
#include "output/context.h"

namespace tcptrace::output {

// Findings first, then the tables. Verbose: of all namespaces, all listeners, all settings.
[[nodiscard]] std::string analysis_text(const model::Analysis& analysis, const Context& context);

// One line, '\n' included: {"schema":1,"type":"analysis",…}.
[[nodiscard]] std::string analysis_json(const model::Analysis& analysis, const Context& context);

}  // namespace tcptrace::output
