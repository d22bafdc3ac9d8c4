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

struct PoolsArguments {
  CommonFlags common;
  FilterArguments filter;
  OutputArguments output;
  Values interval, duration, source;
  bool once = false;
};

void declare_pools(CommandLine& line, PoolsArguments& arguments) {
  declare_filter(line, arguments.filter, "pools of these processes");
  line.group("How long");
  line.add_value("-i,--interval", arguments.interval, "TIME",
                 "look this often: 200ms, 1s (the default), 1m");
  line.add_value("-d,--duration", arguments.duration, "TIME",
                 "look for so long: 10s (the default), 5m, 1h");
  line.add_flag("--once", arguments.once, "look once: what is open, without what comes and goes");
  declare_output(line, arguments.output, "the idle times and the ends of each pool too");
  line.group("Kernel side");
  line.add_value("--source", arguments.source, "SOURCE",
                 fmt::format("{}; with netlink there is no trace", kSourceHelp));
  line.add_common(arguments.common);
}

Result<void> take_pace(const PoolsArguments& given, PoolsOptions& options) {
  options.once = given.once;
  if (given.once && !(given.interval.empty() && given.duration.empty())) {
    return std::unexpected(usage_error("--once excludes --interval and --duration"));
  }
  auto taken =
      first_failure({take_value("--interval", given.interval, options.interval, parse_interval),
                     take_value("--duration", given.duration, options.duration, parse_duration)});
  if (taken && options.interval > options.duration) {
    return std::unexpected(usage_error("--interval is longer than --duration"));
  }
  return taken;
}

}  // namespace

Result<Command> parse_pools(std::span<const char* const> arguments, const HostLookup& host) {
  CommandLine line;
  PoolsArguments given;
  declare_pools(line, given);
  return parse_command(line, arguments, given.common, pools_help, [&]() -> Result<Command> {
    PoolsOptions options;
    if (auto taken = first_failure(
            {take_output(given.output, options),
             take_value("--source", given.source, options.source, parse_source),
             take_pace(given, options), take_filter(given.filter, host, options.filter)});
        !taken) {
      return std::unexpected(taken.error());
    }
    return options;
  });
}

}  // namespace tcptrace::cli
