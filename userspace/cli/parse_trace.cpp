// SPDX-License-Identifier: GPL-2.0
#include <string>

#include <fmt/core.h>

#include "cli/command_line.h"
#include "cli/help.h"
#include "cli/parse_commands.h"
#include "cli/parse_filter.h"
#include "cli/parse_output.h"
#include "cli/parse_values.h"

namespace tcptrace::cli {
namespace {

struct TraceArguments {
  CommonFlags common;
  FilterArguments filter;
  OutputArguments output;
  Values duration, recording, attach, ring_size, max_connections;
  Values history, history_interval, history_memory, source;
};

void declare_length(CommandLine& line, TraceArguments& arguments) {
  line.group("How long");
  line.add_value("-d,--duration", arguments.duration, "TIME",
                 "end after this time: 10 (seconds), 500ms, 1.5m, 2h");
  declare_count(line, arguments.output);
}

void declare_history(CommandLine& line, TraceArguments& arguments) {
  const HistoryOptions usual;
  line.group("The seconds before a reset");
  line.add_value("--history", arguments.history, "N",
                 fmt::format("samples kept of each connection (default {}; 0: none)", usual.depth));
  line.add_value("--history-interval", arguments.history_interval, "TIME",
                 "how often connections are sampled (default 1s)");
  line.add_value("--history-memory", arguments.history_memory, "SIZE",
                 fmt::format("for all samples: connections that have been idle longest leave first "
                             "(default {})",
                             format_size(usual.limit_bytes)));
  line.add_value("--source", arguments.source, "SOURCE", std::string(kSourceHelp));
}

void declare_kernel(CommandLine& line, TraceArguments& arguments) {
  line.group("Kernel side");
  line.add_value("--attach", arguments.attach, "FAMILY",
                 "use these hooks only: fentry (functions), tp (tracepoints) or kprobe; auto, the "
                 "default, takes the best that works for each");
  line.add_value("--ring-size", arguments.ring_size, "SIZE",
                 fmt::format("buffer between kernel and tcptrace, a power of two from {} to {} "
                             "(default {})",
                             format_size(kMinRingSizeBytes), format_size(kMaxRingSizeBytes),
                             format_size(kDefaultRingSizeBytes)));
  line.add_value("--max-connections", arguments.max_connections, "N",
                 fmt::format("connections whose owner and age are remembered (default {})",
                             format_size(kDefaultConnections)));
}

void declare_trace(CommandLine& line, TraceArguments& arguments) {
  declare_filter(line, arguments.filter,
                 "connections that these processes own; without --duration the trace ends when the "
                 "last of them has exited");
  declare_events(line, arguments.filter);
  declare_length(line, arguments);
  declare_output(line, arguments.output);
  line.add_value("-w,--write", arguments.recording, "FILE",
                 "record to this file too, for tcptrace replay; an existing file is replaced");
  declare_history(line, arguments);
  declare_kernel(line, arguments);
  line.add_common(arguments.common);
}

Result<void> take_length(const TraceArguments& arguments, TraceOptions& options) {
  if (auto taken = first_failure(
          {take_value("--duration", arguments.duration, options.duration, parse_duration),
           take_count(arguments.output, options),
           take_value("--write", arguments.recording, options.recording, parse_path)});
      !taken) {
    return taken;
  }
  if (options.recording == "-") {
    return std::unexpected(usage_error("--write: a recording goes to a file, not to stdout"));
  }
  if (options.recording && options.recording == options.output) {
    return std::unexpected(usage_error("--write and --output name the same file"));
  }
  return {};
}

Result<void> take_kernel(const TraceArguments& arguments, TraceOptions& options) {
  const auto ring = [](std::string_view text) {
    return parse_power_of_two(text, kMinRingSizeBytes, kMaxRingSizeBytes);
  };
  const auto connections = [](std::string_view text) {
    return parse_size(text, kMinConnections, kMaxConnections);
  };
  return first_failure(
      {take_value("--attach", arguments.attach, options.attach, parse_attach),
       take_value("--ring-size", arguments.ring_size, options.ring_size_bytes, ring),
       take_value("--max-connections", arguments.max_connections, options.max_connections,
                  connections)});
}

Result<void> take_history(const TraceArguments& arguments, HistoryOptions& options) {
  const auto depth = [](std::string_view text) { return parse_size(text, 0, kMaxHistoryDepth); };
  const auto bytes = [](std::string_view text) {
    return parse_size(text, kMinHistoryBytes, kMaxHistoryBytes);
  };
  return first_failure(
      {take_value("--history", arguments.history, options.depth, depth),
       take_value("--history-interval", arguments.history_interval, options.interval,
                  parse_interval),
       take_value("--history-memory", arguments.history_memory, options.limit_bytes, bytes),
       take_value("--source", arguments.source, options.source, parse_source)});
}

}  // namespace

Result<std::chrono::nanoseconds> parse_interval(std::string_view text) {
  auto interval = parse_duration(text);
  if (interval && (*interval < kMinHistoryInterval || *interval > kMaxHistoryInterval)) {
    return std::unexpected(usage_error(quote(text) + " is not between 100ms and 1h"));
  }
  return interval;
}

Result<Command> parse_trace(std::span<const char* const> arguments, const HostLookup& host) {
  CommandLine line;
  TraceArguments given;
  declare_trace(line, given);
  return parse_command(line, arguments, given.common, trace_help, [&]() -> Result<Command> {
    TraceOptions options;
    if (auto taken =
            first_failure({take_output(given.output, options), take_length(given, options),
                           take_history(given, options.history), take_kernel(given, options),
                           take_filter(given.filter, host, options.filter)});
        !taken) {
      return std::unexpected(taken.error());
    }
    return options;
  });
}

}  // namespace tcptrace::cli
