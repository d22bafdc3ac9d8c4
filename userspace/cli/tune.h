// SPDX-License-Identifier: GPL-2.0
// `tcptrace tune`: settings against what was measured.
#pragma once

#include "base/result.h"
#include "cli/options.h"

namespace tcptrace::cli {

[[nodiscard]] Result<ExitStatus> run_tune(const TuneOptions& options);

}  // namespace tcptrace::cli
