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
};

void declare_length(CLI::App& app, TraceArguments& arguments) {
  app.option_defaults()->group("How long");
  declare_value(app, "-d,--duration", arguments.duration, "TIME",
                "end after this time: 10 (seconds), 500ms, 1.5m, 2h");
  declare_count(app, arguments.output);
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
  declare_filter(app, arguments.filter);
  declare_length(app, arguments);
  declare_output(app, arguments.output);
  declare_value(app, "-w,--write", arguments.recording, "FILE",
                "record to this file too, for tcptrace replay; an existing file is replaced");
  declare_kernel(app, arguments);
  declare_common(app, arguments.common);
}

Result<void> take_length(const TraceArguments& arguments, TraceOptions& options) {
  if (auto r = take_value("--duration", arguments.duration, options.duration, parse_duration); !r) {
    return r;
  }
  if (auto r = take_value("--write", arguments.recording, options.recording, parse_path); !r) {
    return r;
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
  if (auto r = take_value("--attach", arguments.attach, options.attach, parse_attach); !r) {
    return r;
  }
  const auto ring = [](std::string_view text) {
    return parse_power_of_two(text, kMinRingSizeBytes, kMaxRingSizeBytes);
  };
  if (auto r = take_value("--ring-size", arguments.ring_size, options.ring_size_bytes, ring); !r) {
    return r;
  }
  const auto connections = [](std::string_view text) {
    return parse_size(text, kMinConnections, kMaxConnections);
  };
  return take_value("--max-connections", arguments.max_connections, options.max_connections,
                    connections);
}

}  // namespace

Result<Command> parse_trace(std::span<const char* const> arguments, const HostLookup& host) {
  CLI::App app;
  TraceArguments given;
  declare_trace(app, given);
  if (auto parsed = parse_app(app, arguments); !parsed) {
    return std::unexpected(parsed.error());
  }
  if (auto text = answer(given.common, app, trace_help)) {
    return *std::move(text);
  }
  TraceOptions options;
  Result<void> taken = take_output(given.output, options);
  if (taken) {
    taken = take_length(given, options);
  }
  if (taken) {
    taken = take_kernel(given, options);
  }
  if (taken) {
    taken = take_filter(given.filter, host, options.filter);
  }
  if (!taken) {
    return std::unexpected(taken.error());
  }
  return options;
}

}  // namespace tcptrace::cli
