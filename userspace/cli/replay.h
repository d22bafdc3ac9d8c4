// SPDX-License-Identifier: GPL-2.0
// `tcptrace replay`: what a trace has recorded, on the same way as live.
#pragma once

#include <string>

#include "base/result.h"
#include "cli/options.h"
#include "cli/record_output.h"
#include "sink/file_source.h"

namespace tcptrace::cli {

// As it is called in what is said of it.
[[nodiscard]] std::string recording_name(const std::string& path);
[[nodiscard]] Result<sink::FileSource> open_recording(const std::string& path);

// Fails where they are the same file, by whatever name: writing would destroy what is read.
[[nodiscard]] Result<void> check_keeps(const std::string& recording, const std::string& output);

// Replays `file`, which options.recording names, into another output than the options'.
[[nodiscard]] Result<void> replay(const ReplayOptions& options, sink::FileSource file,
                                  const OpenRecords& open_records);

// Runs to the end of the recording, or until its output is closed. What is damaged or missing is
// said on stderr and no failure.
[[nodiscard]] Result<void> run_replay(const ReplayOptions& options);

}  // namespace tcptrace::cli
