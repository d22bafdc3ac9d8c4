// SPDX-License-Identifier: GPL-2.0
// What `tcptrace check` prints: can this kernel be traced, by which hooks, and if not, why.
#pragma once

#include <string>

#include "model/check.h"
#include "model/report.h"
#include "output/context.h"

namespace tcptrace::output {

[[nodiscard]] std::string check_text(const model::Hooks& hooks, const model::CheckReport& report,
                                     const Context& context = {});

// One line, '\n' included: {"schema":1,"type":"check",…}.
[[nodiscard]] std::string check_json(const model::Hooks& hooks, const model::CheckReport& report,
                                     const Context& context = {});

}  // namespace tcptrace::output
