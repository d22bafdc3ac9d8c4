// SPDX-License-Identifier: GPL-2.0
// `tcptrace trace`: every reset and retransmission, live.
#pragma once

#include "base/result.h"
#include "cli/options.h"
#include "cli/record_output.h"

namespace tcptrace::cli {

// Runs until a signal, --duration, --count, the end of the processes of --pid, or a closed output.
[[nodiscard]] Result<void> run_trace(const TraceOptions& options);

// Likewise, into another output than the options'.
[[nodiscard]] Result<void> trace_into(const TraceOptions& options, const OpenRecords& open_records);

}  // namespace tcptrace::cli
