// SPDX-License-Identifier: GPL-2.0
// `tcptrace monitor`.
#pragma once

#include "base/result.h"
#include "cli/options.h"

namespace tcptrace::cli {

[[nodiscard]] Result<void> run_monitor(const MonitorOptions& options);

}  // namespace tcptrace::cli
