// SPDX-License-Identifier: GPL-2.0
// `tcptrace stress`: connections to a server, and what became of them.
#pragma once

#include "base/result.h"
#include "cli/options.h"

namespace tcptrace::cli {

// Runs until the load is done, or a signal; prints the results either way. That connections fail is
// a result, and no failure of the command.
[[nodiscard]] Result<void> run_stress(const StressOptions& options);

}  // namespace tcptrace::cli
