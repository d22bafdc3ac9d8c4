// SPDX-License-Identifier: GPL-2.0
#include "cli/parse_output.h"

#include "cli/parse_choice.h"
#include "cli/parse_values.h"

namespace tcptrace::cli {
namespace {

constexpr Choices<ColorChoice, 3> kColors{{{"auto", ColorChoice::kAuto},
                                           {"always", ColorChoice::kAlways},
                                           {"never", ColorChoice::kNever}}};

}  // namespace

void declare_count(CommandLine& line, OutputArguments& arguments) {
  line.add_value("-c,--count", arguments.count, "N", "end after this many events");
}

void declare_document(CommandLine& line, OutputArguments& arguments,
                      const std::string& json_description, const std::string& verbose_description) {
  line.group("Output");
  line.add_flag("-J,--json", arguments.json, json_description);
  declare_path(line, arguments.output);
  declare_color(line, arguments.color);
  line.add_flag("-v,--verbose", arguments.verbose, verbose_description);
}

void declare_path(CommandLine& line, Values& values) {
  line.add_value("-o,--output", values, "FILE",
                 "write to this file instead of stdout; an existing file is replaced");
}

void declare_output(CommandLine& line, OutputArguments& arguments,
                    const std::string& verbose_description) {
  line.group("Output");
  line.add_flag("-J,--json", arguments.json, "JSON Lines: one object per line");
  declare_path(line, arguments.output);
  line.add_flag("-H,--no-header", arguments.no_header, "no line with the columns' names");
  declare_color(line, arguments.color);
  line.add_flag("-v,--verbose", arguments.verbose, verbose_description);
}

Result<std::string> parse_path(std::string_view text) {
  if (text.empty()) {
    return std::unexpected(usage_error("\"\" is not a file name"));
  }
  return std::string(text);
}

Result<void> take_path(std::string_view option, const Values& values,
                       std::optional<std::string>& path) {
  auto taken = take_value(option, values, path, parse_path);
  if (path == "-") {
    path.reset();
  }
  return taken;
}

void declare_color(CommandLine& line, Values& values) {
  line.add_value("--color", values, "WHEN",
                 "auto (on a terminal, unless NO_COLOR is set), always or never");
}

Result<void> take_color(const Values& values, ColorChoice& color) {
  return take_value("--color", values, color,
                    [](std::string_view text) { return parse_choice(text, kColors); });
}

Result<void> take_count(const OutputArguments& arguments, EventOptions& options) {
  return take_value("--count", arguments.count, options.count, parse_count);
}

Result<void> take_output(const OutputArguments& arguments, OutputOptions& options) {
  options.json = arguments.json;
  options.header = !arguments.no_header;
  options.verbose = arguments.verbose;
  return first_failure({take_path("--output", arguments.output, options.output),
                        take_color(arguments.color, options.color)});
}

}  // namespace tcptrace::cli
