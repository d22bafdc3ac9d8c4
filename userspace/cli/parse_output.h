// SPDX-License-Identifier: GPL-2.0
// The options that say how records are printed, and how many: of every command that prints them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "cli/command_line.h"
#include "cli/options.h"

namespace tcptrace::cli {

// As typed.
struct OutputArguments {
  Values count, output, color;
  bool json = false, no_header = false, verbose = false;
};

void declare_count(CommandLine& line, OutputArguments& arguments);
void declare_path(CommandLine& line, Values& values);
// The group "Output" of what prints one document, which has no line of columns.
void declare_document(CommandLine& line, OutputArguments& arguments,
                      const std::string& json_description, const std::string& verbose_description);
// And of what prints records.
void declare_output(CommandLine& line, OutputArguments& arguments,
                    const std::string& verbose_description = "say more about each event and hook");

[[nodiscard]] Result<void> take_count(const OutputArguments& arguments, EventOptions& options);
[[nodiscard]] Result<void> take_output(const OutputArguments& arguments, OutputOptions& options);

// Any but the empty one.
[[nodiscard]] Result<std::string> parse_path(std::string_view text);

// --output: "-" is stdout, as everywhere.
[[nodiscard]] Result<void> take_path(std::string_view option, const Values& values,
                                     std::optional<std::string>& path);

void declare_color(CommandLine& line, Values& values);
[[nodiscard]] Result<void> take_color(const Values& values, ColorChoice& color);

}  // namespace tcptrace::cli
