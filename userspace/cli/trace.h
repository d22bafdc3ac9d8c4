// SPDX-License-Identifier: GPL-2.0
// `tcptrace trace`: every reset and retransmission, live.
#pragma once

#include "base/result.h"
#include "cli/options.h"

namespace tcptrace::cli {

// Runs until a signal, --duration, --count, the end of the processes of --pid, or a closed output.
[[nodiscard]] Result<void> run_trace(const TraceOptions& options);

}  // namespace tcptrace::cli
