// SPDX-License-Identifier: GPL-2.0
// `tcptrace snapshot`: every TCP socket there is, once.
#pragma once

#include "base/result.h"
#include "cli/options.h"

namespace tcptrace::cli {

// Ends when all sockets are written, or the output is closed. What could not be read is said on
// stderr; fails only if nothing could.
[[nodiscard]] Result<void> run_snapshot(const SnapshotOptions& options);

}  // namespace tcptrace::cli
