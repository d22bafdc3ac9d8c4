// SPDX-License-Identifier: GPL-2.0
// `tcptrace drill`: makes causes happen, traces itself, and holds the verdicts against them.
#pragma once

#include <string>

#include "base/result.h"
#include "cli/options.h"

namespace tcptrace::cli {

// kFailed where a drill could not be played or its verdict is not the cause.
[[nodiscard]] Result<ExitStatus> run_drills(const DrillOptions& options);

// One line per drill: its name, its cause, its story.
[[nodiscard]] std::string drill_list();

}  // namespace tcptrace::cli
