// SPDX-License-Identifier: GPL-2.0
// `tcptrace report`: one page about one or more runs.
#pragma once

#include "base/result.h"
#include "cli/options.h"

namespace tcptrace::cli {

// Of the files that are given; of a trace of this host where none is, which ends with --duration or
// a signal.
[[nodiscard]] Result<void> run_report(const ReportOptions& options);

}  // namespace tcptrace::cli
