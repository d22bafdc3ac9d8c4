// SPDX-License-Identifier: GPL-2.0
// The options that say how records are printed, and how many: of every command that prints them.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "cli/options.h"
#include "cli/parse_app.h"

namespace tcptrace::cli {

// As typed.
struct OutputArguments {
  Values count, output, color;
  bool json = false, no_header = false, verbose = false;
};

void declare_count(CLI::App& app, OutputArguments& arguments);
// The group "Output".
void declare_output(CLI::App& app, OutputArguments& arguments,
                    const std::string& verbose_description = "say more about each event and hook");

[[nodiscard]] Result<void> take_count(const OutputArguments& arguments, EventOptions& options);
[[nodiscard]] Result<void> take_output(const OutputArguments& arguments, OutputOptions& options);

// Any but the empty one.
[[nodiscard]] Result<std::string> parse_path(std::string_view text);

}  // namespace tcptrace::cli
