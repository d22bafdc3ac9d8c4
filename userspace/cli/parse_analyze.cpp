// SPDX-License-Identifier: GPL-2.0
#include <chrono>
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

struct AnalyzeArguments {
  CommonFlags common;
  OutputArguments output;
  Values netns, top, interval, source;
};

void declare_analyze(CommandLine& line, AnalyzeArguments& arguments) {
  line.group("What is looked at");
  declare_netns(line, arguments.netns, "this network namespace");
  line.add_value("-i,--interval", arguments.interval, "TIME",
                 "read the counters twice, so far apart: 10s, 1m");
  line.add_value("-n,--top", arguments.top, "N", "rows of each table (default: 10)");
  line.add_value(
      "--source", arguments.source, "SOURCE",
      "netlink (sock_diag and /proc), iter (BPF iterators) or auto, the default: "
      "sockets from sock_diag, their owners from an iterator where there are many and it loads");
  declare_document(line, arguments.output, "one JSON object",
                   "all listeners, and the counters and settings of every namespace");
  line.add_common(arguments.common);
}

Result<std::size_t> parse_top(std::string_view text) {
  const auto rows = parse_count(text);
  if (!rows) {
    return std::unexpected(rows.error());
  }
  if (*rows > kMaxTopRows) {
    return std::unexpected(
        usage_error(fmt::format("{} is more than {} rows", quote(text), kMaxTopRows)));
  }
  return *rows;
}

}  // namespace

Result<Command> parse_analyze(std::span<const char* const> arguments, const HostLookup& host) {
  CommandLine line;
  AnalyzeArguments given;
  declare_analyze(line, given);
  return parse_command(line, arguments, given.common, analyze_help, [&]() -> Result<Command> {
    AnalyzeOptions options;
    if (auto taken = first_failure(
            {take_output(given.output, options), take_netns(given.netns, host, options.netns),
             take_value("--top", given.top, options.top, parse_top),
             take_value("--interval", given.interval, options.interval, parse_interval),
             take_value("--source", given.source, options.source, parse_source)});
        !taken) {
      return std::unexpected(taken.error());
    }
    return options;
  });
}

}  // namespace tcptrace::cli
