// SPDX-License-Identifier: GPL-2.0
#include <string>

#include <fmt/format.h>

#include "cli/help.h"
#include "cli/parse_app.h"
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

void declare_length(CLI::App& app, TraceArguments& arguments) {
  app.option_defaults()->group("How long");
  declare_value(app, "-d,--duration", arguments.duration, "TIME",
                "end after this time: 10 (seconds), 500ms, 1.5m, 2h");
  declare_count(app, arguments.output);
}

void declare_history(CLI::App& app, TraceArguments& arguments) {
  const HistoryOptions usual;
  app.option_defaults()->group("The seconds before a reset");
  declare_value(app, "--history", arguments.history, "N",
                fmt::format("samples kept of each connection (default {}; 0: none)", usual.depth));
  declare_value(app, "--history-interval", arguments.history_interval, "TIME",
                "how often connections are sampled (default 1s)");
  declare_value(app, "--history-memory", arguments.history_memory, "SIZE",
                fmt::format("for all samples: connections that have been idle longest leave first "
                            "(default {})",
                            format_size(usual.limit_bytes)));
  declare_value(app, "--source", arguments.source, "SOURCE", std::string(kSourceHelp));
}

void declare_kernel(CLI::App& app, TraceArguments& arguments) {
  app.option_defaults()->group("Kernel side");
  declare_value(app, "--attach", arguments.attach, "FAMILY",
                "use these hooks only: fentry (functions), tp (tracepoints) or kprobe; auto, the "
                "default, takes the best that works for each");
  declare_value(app, "--ring-size", arguments.ring_size, "SIZE",
                fmt::format("buffer between kernel and tcptrace, a power of two from {} to {} "
                            "(default {})",
                            format_size(kMinRingSizeBytes), format_size(kMaxRingSizeBytes),
                            format_size(kDefaultRingSizeBytes)));
  declare_value(app, "--max-connections", arguments.max_connections, "N",
                fmt::format("connections whose owner and age are remembered (default {})",
                            format_size(kDefaultConnections)));
}

void declare_trace(CLI::App& app, TraceArguments& arguments) {
  declare_filter(app, arguments.filter,
                 "connections that these processes own; without --duration the trace ends when the "
                 "last of them has exited");
  declare_events(app, arguments.filter);
  declare_length(app, arguments);
  declare_output(app, arguments.output);
  declare_value(app, "-w,--write", arguments.recording, "FILE",
                "record to this file too, for tcptrace replay; an existing file is replaced");
  declare_history(app, arguments);
  declare_kernel(app, arguments);
  declare_common(app, arguments.common);
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

Result<std::chrono::nanoseconds> parse_history_interval(std::string_view text) {
  auto interval = parse_duration(text);
  if (interval && (*interval < kMinHistoryInterval || *interval > kMaxHistoryInterval)) {
    return std::unexpected(usage_error(quote(text) + " is not between 100ms and 1h"));
  }
  return interval;
}

Result<void> take_history(const TraceArguments& arguments, HistoryOptions& options) {
  const auto depth = [](std::string_view text) { return parse_size(text, 0, kMaxHistoryDepth); };
  const auto bytes = [](std::string_view text) {
    return parse_size(text, kMinHistoryBytes, kMaxHistoryBytes);
  };
  return first_failure(
      {take_value("--history", arguments.history, options.depth, depth),
       take_value("--history-interval", arguments.history_interval, options.interval,
                  parse_history_interval),
       take_value("--history-memory", arguments.history_memory, options.limit_bytes, bytes),
       take_value("--source", arguments.source, options.source, parse_source)});
}

}  // namespace

Result<Command> parse_trace(std::span<const char* const> arguments, const HostLookup& host) {
  CLI::App app;
  TraceArguments given;
  declare_trace(app, given);
  return parse_command(app, arguments, given.common, trace_help, [&]() -> Result<Command> {
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
