// SPDX-License-Identifier: GPL-2.0
// `tcptrace analyze`: one look at the whole host.
#pragma once

#include <optional>

#include "base/result.h"
#include "cli/options.h"
#include "model/analysis.h"
#include "model/host_facts.h"

namespace tcptrace::cli {

// What could not be read is part of what is printed; fails only if no socket could.
[[nodiscard]] Result<void> run_analyze(const AnalyzeOptions& options);

// One look, for whoever prints it elsewhere. Counters are judged by what has happened since
// `before`, if there is that; nothing is waited for.
[[nodiscard]] Result<model::Analysis> look_at_host(const AnalyzeOptions& options,
                                                   std::optional<model::HostFacts> before);

}  // namespace tcptrace::cli
