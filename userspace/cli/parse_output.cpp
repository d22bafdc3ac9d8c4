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

void declare_count(CLI::App& app, OutputArguments& arguments) {
  declare_value(app, "-c,--count", arguments.count, "N", "end after this many events");
}

void declare_output(CLI::App& app, OutputArguments& arguments,
                    const std::string& verbose_description) {
  app.option_defaults()->group("Output");
  declare_flag(app, "-J,--json", arguments.json, "JSON Lines: one object per line");
  declare_value(app, "-o,--output", arguments.output, "FILE",
                "write to this file instead of stdout; an existing file is replaced");
  declare_flag(app, "-H,--no-header", arguments.no_header, "no line with the columns' names");
  declare_value(app, "--color", arguments.color, "WHEN",
                "auto (on a terminal, unless NO_COLOR is set), always or never");
  declare_flag(app, "-v,--verbose", arguments.verbose, verbose_description);
}

Result<std::string> parse_path(std::string_view text) {
  if (text.empty()) {
    return std::unexpected(usage_error("\"\" is not a file name"));
  }
  return std::string(text);
}

Result<void> take_count(const OutputArguments& arguments, EventOptions& options) {
  return take_value("--count", arguments.count, options.count, parse_count);
}

Result<void> take_output(const OutputArguments& arguments, OutputOptions& options) {
  options.json = arguments.json;
  options.header = !arguments.no_header;
  options.verbose = arguments.verbose;
  if (auto r = take_value("--output", arguments.output, options.output, parse_path); !r) {
    return r;
  }
  // "-" is stdout, as everywhere.
  if (options.output == "-") {
    options.output.reset();
  }
  return take_value("--color", arguments.color, options.color,
                    [](std::string_view text) { return parse_choice(text, kColors); });
}

}  // namespace tcptrace::cli
