// SPDX-License-Identifier: GPL-2.0
// `tcptrace serve`: a server for the other end of a test.
#pragma once

#include "base/result.h"
#include "cli/options.h"

namespace tcptrace::cli {

// Until a signal comes or the time is over.
[[nodiscard]] Result<void> run_serve(const ServeOptions& options);

}  // namespace tcptrace::cli
