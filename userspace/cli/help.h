// SPDX-License-Identifier: GPL-2.0
// The texts of --help, made from the options as declared, so that they cannot fall behind.
#pragma once

#include <string>

#include "cli/command_line.h"

namespace tcptrace::cli {

[[nodiscard]] std::string trace_help(const CommandLine& line);
[[nodiscard]] std::string replay_help(const CommandLine& line);
[[nodiscard]] std::string snapshot_help(const CommandLine& line);
[[nodiscard]] std::string check_help(const CommandLine& line);
[[nodiscard]] std::string drill_help(const CommandLine& line);
[[nodiscard]] std::string stress_help(const CommandLine& line);
[[nodiscard]] std::string serve_help(const CommandLine& line);
[[nodiscard]] std::string probe_help(const CommandLine& line);
[[nodiscard]] std::string analyze_help(const CommandLine& line);
[[nodiscard]] std::string pools_help(const CommandLine& line);
[[nodiscard]] std::string monitor_help(const CommandLine& line);
[[nodiscard]] std::string report_help(const CommandLine& line);
[[nodiscard]] std::string generate_help(const CommandLine& line);
[[nodiscard]] std::string tune_help(const CommandLine& line);
[[nodiscard]] std::string completion_help(const CommandLine& line);

}  // namespace tcptrace::cli
