// SPDX-License-Identifier: GPL-2.0
// `tcptrace pools`: the connection pools of running applications.
#pragma once

#include "base/result.h"
#include "cli/options.h"

namespace tcptrace::cli {

[[nodiscard]] Result<void> run_pools(const PoolsOptions& options);

}  // namespace tcptrace::cli
