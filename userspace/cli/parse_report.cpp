// SPDX-License-Identifier: GPL-2.0
#include <algorithm>
#include <string>

#include "cli/command_line.h"
#include "cli/help.h"
#include "cli/parse_commands.h"
#include "cli/parse_filter.h"
#include "cli/parse_output.h"
#include "cli/parse_values.h"

namespace tcptrace::cli {
namespace {

struct ReportArguments {
  CommonFlags common;
  FilterArguments filter;
  Values files, duration, output, color;
  bool json = false, text = false;
};

void declare_report(CommandLine& line, ReportArguments& arguments) {
  line.add_operands(arguments.files);
  declare_filter(line, arguments.filter, "connections that these processes own, or owned");
  declare_events(line, arguments.filter);
  line.group("How long");
  line.add_value("-d,--duration", arguments.duration, "TIME",
                 "trace this host for so long: 10 (seconds), 1.5m, 2h (default 1m)");
  line.group("Output");
  line.add_value("-o,--output", arguments.output, "FILE",
                 "write to this file; an existing one is replaced once the report is complete");
  line.add_flag("--text", arguments.text, "for a terminal, instead of an HTML page");
  line.add_flag("-J,--json", arguments.json, "one object of JSON, instead of an HTML page");
  declare_color(line, arguments.color);
  line.add_common(arguments.common);
}

Result<void> take_form(const ReportArguments& given, ReportOptions& options) {
  if (given.json && given.text) {
    return std::unexpected(usage_error("--json and --text exclude each other"));
  }
  options.format = given.json   ? ReportFormat::kJson
                   : given.text ? ReportFormat::kText
                                : ReportFormat::kHtml;
  return first_failure({take_path("--output", given.output, options.output),
                        take_color(given.color, options.color)});
}

Result<void> take_files(const ReportArguments& given, ReportOptions& options) {
  options.files = given.files;
  if (std::ranges::find(given.files, "") != given.files.end()) {
    return std::unexpected(usage_error("\"\" is not a file name"));
  }
  if (std::ranges::count(given.files, "-") > 1) {
    return std::unexpected(usage_error("stdin can be read once only"));
  }
  if (!given.files.empty() && !given.duration.empty()) {
    return std::unexpected(
        usage_error("--duration is for a trace of this host, and files were given"));
  }
  options.live.duration = kDefaultReportDuration;
  return take_value("--duration", given.duration, options.live.duration, parse_duration);
}

Result<void> take_report_filter(const ReportArguments& given, const HostLookup& host,
                                ReportOptions& options) {
  return given.files.empty()
             ? take_filter(given.filter, host, options.live.filter)
             : take_recorded_filter(given.filter, options.live.filter, options.cgroups);
}

}  // namespace

Result<Command> parse_report(std::span<const char* const> arguments, const HostLookup& host) {
  CommandLine line;
  ReportArguments given;
  declare_report(line, given);
  return parse_command(line, arguments, given.common, report_help, [&]() -> Result<Command> {
    ReportOptions options;
    if (auto taken = first_failure({take_form(given, options), take_files(given, options),
                                    take_report_filter(given, host, options)});
        !taken) {
      return std::unexpected(taken.error());
    }
    return options;
  });
}

}  // namespace tcptrace::cli
