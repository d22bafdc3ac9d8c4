// SPDX-License-Identifier: GPL-2.0
// `tcptrace generate`: the configuration of a load balancer.
#pragma once

#include "base/result.h"
#include "cli/options.h"

namespace tcptrace::cli {

[[nodiscard]] Result<void> run_generate(const GenerateOptions& options);

}  // namespace tcptrace::cli
