// SPDX-License-Identifier: GPL-2.0
// `tcptrace probe`: a ping for TCP.
#pragma once

#include "base/result.h"
#include "cli/options.h"

namespace tcptrace::cli {

// Done if at least one attempt succeeded, else failed.
[[nodiscard]] Result<ExitStatus> run_probe(const ProbeOptions& options);

}  // namespace tcptrace::cli
