// SPDX-License-Identifier: GPL-2.0
#include <algorithm>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "cli/help.h"
#include "cli/parse_app.h"
#include "cli/parse_choice.h"
#include "cli/parse_commands.h"
#include "cli/parse_filter.h"
#include "cli/parse_values.h"
#include "cli/version.h"

namespace tcptrace::cli {
namespace {

constexpr Choices<ColorChoice, 3> kColors{{{"auto", ColorChoice::kAuto},
                                           {"always", ColorChoice::kAlways},
                                           {"never", ColorChoice::kNever}}};

struct TraceArguments {
  CommonFlags common;
  FilterArguments filter;
  Values duration, count, output, color, attach, ring_size, max_connections;
  bool json = false, no_header = false, verbose = false;
};

void declare_output(CLI::App& app, TraceArguments& arguments) {
  app.option_defaults()->group("How long");
  declare_value(app, "-d,--duration", arguments.duration, "TIME",
                "end after this time: 10 (seconds), 500ms, 1.5m, 2h");
  declare_value(app, "-c,--count", arguments.count, "N", "end after this many events");
  app.option_defaults()->group("Output");
  declare_flag(app, "-J,--json", arguments.json, "JSON Lines: one object per line");
  declare_value(app, "-o,--output", arguments.output, "FILE",
                "write to this file instead of stdout; an existing file is replaced");
  declare_flag(app, "-H,--no-header", arguments.no_header, "no line with the columns' names");
  declare_value(app, "--color", arguments.color, "WHEN",
                "auto (on a terminal, unless NO_COLOR is set), always or never");
  declare_flag(app, "-v,--verbose", arguments.verbose, "say more about each event and hook");
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
  declare_output(app, arguments);
  declare_kernel(app, arguments);
  declare_common(app, arguments.common);
}

// Puts parse(last value) into `into`, if the option was given.
template <typename T, typename Parse>
Result<void> take(std::string_view option, const Values& values, T& into, const Parse& parse) {
  if (values.empty()) {
    return {};
  }
  auto value = parse(values.back());
  if (!value) {
    return std::unexpected(value.error().within(option));
  }
  into = std::move(*value);
  return {};
}

Result<std::string> parse_path(std::string_view text) {
  if (text.empty()) {
    return std::unexpected(usage_error("\"\" is not a file name"));
  }
  return std::string(text);
}

Result<void> take_output(const TraceArguments& arguments, TraceOptions& options) {
  options.json = arguments.json;
  options.header = !arguments.no_header;
  options.verbose = arguments.verbose;
  if (auto r = take("--duration", arguments.duration, options.duration, parse_duration); !r) {
    return r;
  }
  if (auto r = take("--count", arguments.count, options.count, parse_count); !r) {
    return r;
  }
  if (auto r = take("--output", arguments.output, options.output, parse_path); !r) {
    return r;
  }
  // "-" is stdout, as everywhere.
  if (options.output == "-") {
    options.output.reset();
  }
  return take("--color", arguments.color, options.color,
              [](std::string_view text) { return parse_choice(text, kColors); });
}

Result<void> take_kernel(const TraceArguments& arguments, TraceOptions& options) {
  if (auto r = take("--attach", arguments.attach, options.attach, parse_attach); !r) {
    return r;
  }
  const auto ring = [](std::string_view text) {
    return parse_power_of_two(text, kMinRingSizeBytes, kMaxRingSizeBytes);
  };
  if (auto r = take("--ring-size", arguments.ring_size, options.ring_size_bytes, ring); !r) {
    return r;
  }
  const auto connections = [](std::string_view text) {
    return parse_size(text, kMinConnections, kMaxConnections);
  };
  return take("--max-connections", arguments.max_connections, options.max_connections, connections);
}

}  // namespace

Result<Command> parse_trace(std::span<const char* const> arguments, const HostLookup& host) {
  CLI::App app;
  TraceArguments given;
  declare_trace(app, given);
  if (auto parsed = parse_app(app, arguments); !parsed) {
    return std::unexpected(parsed.error());
  }
  if (given.common.help) {
    return PrintText{.text = trace_help(app)};
  }
  if (given.common.version) {
    return PrintText{.text = fmt::format("tcptrace {}\n", version())};
  }
  TraceOptions options;
  Result<void> taken = take_output(given, options);
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
