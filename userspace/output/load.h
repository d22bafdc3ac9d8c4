// SPDX-License-Identifier: GPL-2.0
// What `tcptrace stress` prints: how it goes, and what came of it.
#pragma once

#include <string>

#include "model/load.h"
#include "output/context.h"

namespace tcptrace::output {

// One line, without its end: what happened since `before`, and how it is now.
[[nodiscard]] std::string load_progress_text(const model::LoadProgress& now,
                                             const model::LoadProgress& before);

// Verbose: also the first of the connections that failed, one by one.
[[nodiscard]] std::string load_text(const model::LoadReport& report, const Context& context);

// One line, '\n' included: {"schema":1,"type":"stress",…}. Verbose: with "failed", every one of
// them that was kept.
[[nodiscard]] std::string load_json(const model::LoadReport& report, const Context& context);

}  // namespace tcptrace::output
