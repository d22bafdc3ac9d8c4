// SPDX-License-Identifier: GPL-2.0
// Runs a program to its end, in the network namespace of the calling thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tcptrace::stress {

struct CommandResult {
  int status = -1;     // exit status; 128 + signal
  std::string output;  // stdout and stderr
};

[[nodiscard]] CommandResult run(const std::vector<std::string>& argv, std::string_view input = {});
// Throws with the program's own words unless it ends with 0.
void run_or_throw(const std::vector<std::string>& argv, std::string_view input = {});
// The exit status as a shell says it: 128 + signal for a killed process.
[[nodiscard]] int exit_status(int wait_status);
// Whether a program of that name is in PATH.
[[nodiscard]] bool program_exists(std::string_view name);

}  // namespace tcptrace::stress
