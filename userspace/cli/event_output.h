// SPDX-License-Identifier: GPL-2.0
// How a run that prints records begins to: live, replayed or of what is there.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "base/result.h"
#include "cli/options.h"
#include "cli/record_output.h"
#include "model/report.h"
#include "output/context.h"
#include "sink/sink.h"

namespace tcptrace::cli {

// Stdout or the file of --output. `interrupt_fd`: see sink/fd_sink.h.
[[nodiscard]] Result<std::unique_ptr<sink::Sink>> open_output(const OutputOptions& options,
                                                              int interrupt_fd);

// Of a run on the machine `host`, whose clocks are so far apart.
[[nodiscard]] output::Context event_context(const EventOptions& options, std::string host,
                                            std::chrono::nanoseconds boot_to_wall);

// Prints them as the options say, which outlive it. Before the first event comes JSON's `hooks`
// record; for people, a word on stderr about what is attached, and the line with the columns'
// names.
[[nodiscard]] OpenRecords printed_records(const EventOptions& options);

// A reader that goes away ends a run; it is no failure of ours.
[[nodiscard]] Result<void> forgive_closed(Result<void> result);

}  // namespace tcptrace::cli
