// SPDX-License-Identifier: GPL-2.0
// What every run that prints records says of its machine and its hooks.
#pragma once

#include <chrono>

#include "cli/options.h"
#include "kernel/bpf_session.h"
#include "model/report.h"
#include "output/context.h"

namespace tcptrace::cli {

// For what goes to `fd`; -1: no terminal.
[[nodiscard]] output::Context make_context(int fd, bool json, ColorChoice color, bool verbose);

// For what goes to the output that the options name.
[[nodiscard]] output::Context make_context(const OutputOptions& options);

// The first record of a run. `started`: CLOCK_BOOTTIME.
[[nodiscard]] model::Hooks describe_hooks(const kernel::BpfSession& session,
                                          std::chrono::nanoseconds started);

}  // namespace tcptrace::cli
