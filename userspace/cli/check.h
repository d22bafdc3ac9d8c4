// SPDX-License-Identifier: GPL-2.0
// `tcptrace check`: what this kernel and these privileges allow.
#pragma once

#include "base/result.h"
#include "cli/options.h"

namespace tcptrace::cli {

// Prints the report. kUnsupported where a trace could not run.
[[nodiscard]] Result<ExitStatus> run_check(const CheckOptions& options);

}  // namespace tcptrace::cli
