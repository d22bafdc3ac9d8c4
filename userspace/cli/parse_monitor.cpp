// SPDX-License-Identifier: GPL-2.0
#include <string>
#include <string_view>

#include <fmt/core.h>

#include "cli/command_line.h"
#include "cli/help.h"
#include "cli/parse_commands.h"
#include "cli/parse_filter.h"
#include "cli/parse_output.h"
#include "cli/parse_values.h"

namespace tcptrace::cli {
namespace {

struct MonitorArguments {
  CommonFlags common;
  FilterArguments filter;
  OutputArguments output;
  Values interval, duration, config, command, source;
  bool once = false, plain = false, no_trace = false;
};

void declare_monitor(CommandLine& line, MonitorArguments& arguments) {
  line.group("Options");
  line.add_value("-i,--interval", arguments.interval, "TIME",
                 "how often it reads the counters, from 100ms to 1h; the default is 1s");
  line.add_value("-d,--duration", arguments.duration, "TIME",
                 "end after this time: 10, 10s, 1.5m, 2h, 500ms");
  line.add_flag("--once", arguments.once,
                "one reading, over one interval, as text or JSON; then it ends");
  line.add_flag("--plain", arguments.plain, "a line each interval, on a terminal too");
  line.add_value("--netns", arguments.filter.netns, "NETNS,...",
                 "only this network namespace: a name, a path, pid:PID or an inode number");
  line.group("Alerts");
  line.add_value("--config", arguments.config, "FILE",
                 "thresholds and how they are applied: JSON, see tcptrace(8)");
  line.add_value(
      "--exec", arguments.command, "COMMAND",
      "run this for every alert that is raised, escalates or is cleared, by sh, with the "
      "alert as JSON on standard input");
  declare_output(line, arguments.output, "with --once, up to 100 rows of each table");
  line.group("Kernel side");
  line.add_value("--source", arguments.source, "SOURCE", std::string(kSourceHelp));
  line.add_flag("--no-trace", arguments.no_trace,
                "attach no hooks: no causes of resets, no retransmissions");
  line.add_common(arguments.common);
}

Result<std::string> parse_command_line(std::string_view text) {
  if (text.find_first_not_of(" \t") == std::string_view::npos) {
    return std::unexpected(usage_error(fmt::format("{} is no command", quote(text))));
  }
  return std::string(text);
}

Result<void> check_combination(const MonitorArguments& given) {
  if (given.plain && given.output.json) {
    return std::unexpected(usage_error("--plain and --json exclude each other"));
  }
  if (given.once && !given.duration.empty()) {
    return std::unexpected(
        usage_error("--once and --duration exclude each other", "--once takes one --interval"));
  }
  return {};
}

}  // namespace

Result<Command> parse_monitor(std::span<const char* const> arguments, const HostLookup& host) {
  CommandLine line;
  MonitorArguments given;
  declare_monitor(line, given);
  return parse_command(line, arguments, given.common, monitor_help, [&]() -> Result<Command> {
    MonitorOptions options;
    options.once = given.once;
    options.plain = given.plain;
    options.trace = !given.no_trace;
    if (auto taken = first_failure(
            {check_combination(given), take_output(given.output, options),
             take_value("--interval", given.interval, options.interval, parse_interval),
             take_value("--duration", given.duration, options.duration, parse_duration),
             take_value("--config", given.config, options.config, parse_path),
             take_value("--exec", given.command, options.command, parse_command_line),
             take_value("--source", given.source, options.source, parse_source),
             take_filter(given.filter, host, options.filter)});
        !taken) {
      return std::unexpected(taken.error());
    }
    return options;
  });
}

}  // namespace tcptrace::cli
