// SPDX-License-Identifier: GPL-2.0
// The texts of --help, made from the options as declared, so that they cannot fall behind.
#pragma once

#include <string>

#include <CLI/CLI.hpp>

namespace tcptrace::cli {

[[nodiscard]] std::string trace_help(const CLI::App& app);
[[nodiscard]] std::string replay_help(const CLI::App& app);
[[nodiscard]] std::string snapshot_help(const CLI::App& app);
[[nodiscard]] std::string check_help(const CLI::App& app);
[[nodiscard]] std::string drill_help(const CLI::App& app);
[[nodiscard]] std::string stress_help(const CLI::App& app);
[[nodiscard]] std::string serve_help(const CLI::App& app);
[[nodiscard]] std::string probe_help(const CLI::App& app);
[[nodiscard]] std::string completion_help(const CLI::App& app);

}  // namespace tcptrace::cli
