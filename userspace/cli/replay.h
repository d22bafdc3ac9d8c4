// SPDX-License-Identifier: GPL-2.0
// `tcptrace replay`: what a trace has recorded, on the same way as live.
#pragma once

#include "base/result.h"
#include "cli/options.h"

namespace tcptrace::cli {

// Runs to the end of the recording, or until its output is closed. What is damaged or missing is
// said on stderr and no failure.
[[nodiscard]] Result<void> run_replay(const ReplayOptions& options);

}  // namespace tcptrace::cli
