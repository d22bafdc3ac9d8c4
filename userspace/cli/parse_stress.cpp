// SPDX-License-Identifier: GPL-2.0
#include <algorithm>
#include <charconv>
#include <limits>
#include <string>
#include <string_view>
#include <system_error>

#include <fmt/core.h>

#include "cli/command_line.h"
#include "cli/help.h"
#include "cli/parse_choice.h"
#include "cli/parse_commands.h"
#include "cli/parse_output.h"
#include "cli/parse_values.h"

namespace tcptrace::cli {
namespace {

using model::CloseStyle;
using model::LoadOptions;
using model::LoadWork;
using std::chrono::nanoseconds;

constexpr std::uint32_t kMaxAtOnce = 1U << 20;
constexpr std::uint32_t kMaxLoadThreads = 1024;
constexpr std::uint32_t kMaxPayload = 64U << 20;
constexpr double kMinRate = 0.001;
constexpr double kMaxRate = 10e6;
// MAX_TCP_KEEPIDLE, MAX_TCP_KEEPINTVL and MAX_TCP_KEEPCNT of the kernel's include/net/tcp.h.
constexpr std::uint32_t kMaxKeepaliveTime = 32'767;
constexpr std::uint32_t kMaxKeepaliveCount = 127;
constexpr nanoseconds kDefaultDuration = std::chrono::seconds(10);

constexpr Choices<CloseStyle, 3> kCloseStyles{
    {{"fin", CloseStyle::kFin}, {"rst", CloseStyle::kRst}, {"half-close", CloseStyle::kHalfClose}}};

struct StressArguments {
  CommonFlags common;
  OutputArguments output;
  Values target, connections, rate, total, duration, threads, connect_timeout, timeout, hold;
  Values payload, requests, http, keepalive, user_timeout, sources, close;
  bool ipv4 = false, ipv6 = false, nodelay = false, trace = false, yes = false, quiet = false;
};

void declare_load(CommandLine& line, StressArguments& arguments) {
  line.group("Load");
  line.add_value("-c,--connections", arguments.connections, "N",
                 "at most this many at once: 64, or what the rate needs");
  line.add_value("-r,--rate", arguments.rate, "N",
                 "new connections a second, at scheduled times; else as fast as they go");
  line.add_value("-n,--total", arguments.total, "N", "end after this many connections");
  line.add_value("-d,--duration", arguments.duration, "TIME",
                 "end after this time: 10, 500ms, 1.5m, 2h; 10 s where there is no --total");
  line.add_value("-t,--threads", arguments.threads, "N", "one for each processor by default");
  line.add_flag("--trace", arguments.trace,
                "trace beside it, and say why connections failed; needs root");
  line.add_flag(
      "-y,--yes", arguments.yes,
      "more than 1,000 connections/s, or as fast as they go, not over loopback, are meant");
}

void declare_work(CommandLine& line, StressArguments& arguments) {
  line.group("Connections");
  line.add_value("--http", arguments.http, "PATH",
                 "GET this path (HTTP/1.1), and check status and length of the answer");
  line.add_value("--payload", arguments.payload, "SIZE",
                 "send so many bytes, and check that they come back: 1000, 64K, up to 64M");
  line.add_value("--requests", arguments.requests, "N",
                 "of --http or --payload, one after the other: 1");
  line.add_value("--hold", arguments.hold, "TIME", "keep each open for so long, once it is done");
  line.add_value("--close", arguments.close, "STYLE",
                 "fin, rst or half-close (shut down, and await the peer's end)");
  line.add_value("--connect-timeout", arguments.connect_timeout, "TIME",
                 "a connect fails after this time: 5 s");
  line.add_value("--timeout", arguments.timeout, "TIME",
                 "so does an answer, or the peer's end of a half-close: 10 s");
  line.add_flag("-4,--ipv4", arguments.ipv4, "IPv4 addresses of the name only");
  line.add_flag("-6,--ipv6", arguments.ipv6, "IPv6 addresses of the name only");
  line.add_value("--source", arguments.sources, "CIDR,...",
                 "connect from these addresses in turn; each has ports of its own");
  line.add_value("--keepalive", arguments.keepalive, "IDLE,INTERVAL,COUNT",
                 "keep-alive probes: seconds, seconds, number");
  line.add_value("--user-timeout", arguments.user_timeout, "TIME", "TCP_USER_TIMEOUT");
  line.add_flag("--nodelay", arguments.nodelay, "TCP_NODELAY");
}

void declare_stress(CommandLine& line, StressArguments& arguments) {
  line.add_operands(arguments.target);
  declare_load(line, arguments);
  declare_work(line, arguments);
  line.group("Output");
  line.add_flag("-J,--json", arguments.output.json, "the results as one JSON object");
  line.add_value("-o,--output", arguments.output.output, "FILE",
                 "write them to this file instead of stdout; an existing file is replaced");
  line.add_value("--color", arguments.output.color, "WHEN",
                 "auto (on a terminal, unless NO_COLOR is set), always or never");
  line.add_flag("-q,--quiet", arguments.quiet, "no progress while it runs");
  line.add_flag("-v,--verbose", arguments.output.verbose,
                "also each connection that failed, with its ports and its time");
  line.add_common(arguments.common);
}

Result<double> parse_rate(std::string_view text) {
  double rate = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, failure] = std::from_chars(text.data(), end, rate, std::chars_format::fixed);
  if (failure != std::errc() || stop != end || !(rate >= kMinRate && rate <= kMaxRate)) {
    return std::unexpected(usage_error(
        fmt::format("{} is not a rate from {} to {:.0f}", quote(text), kMinRate, kMaxRate)));
  }
  return rate;
}

Result<model::Keepalive> parse_keepalive(std::string_view text) {
  const auto items = split_list(text);
  if (items.size() != 3) {
    return std::unexpected(
        usage_error(fmt::format("{} is not IDLE,INTERVAL,COUNT", quote(text)), "such as 60,10,5"));
  }
  const auto idle = parse_number_between(items[0], 1, kMaxKeepaliveTime);
  const auto interval = parse_number_between(items[1], 1, kMaxKeepaliveTime);
  const auto count = parse_number_between(items[2], 1, kMaxKeepaliveCount);
  for (const auto* const number : {&idle, &interval, &count}) {
    if (!*number) {
      return std::unexpected(number->error());
    }
  }
  return model::Keepalive{.idle_s = *idle, .interval_s = *interval, .count = *count};
}

Result<std::chrono::milliseconds> parse_user_timeout(std::string_view text) {
  const auto time = parse_duration(text);
  if (!time) {
    return std::unexpected(time.error());
  }
  const auto whole = std::chrono::ceil<std::chrono::milliseconds>(*time);
  if (whole.count() > std::numeric_limits<int>::max()) {
    return std::unexpected(usage_error(fmt::format("{} is too long", quote(text))));
  }
  return whole;
}

Result<void> take_pace(const StressArguments& given, LoadOptions& options) {
  const auto up_to = [](std::uint32_t max) {
    return [max](std::string_view text) { return parse_number_between(text, 1, max); };
  };
  auto taken = first_failure(
      {take_value("--connections", given.connections, options.connections, up_to(kMaxAtOnce)),
       take_value("--threads", given.threads, options.threads, up_to(kMaxLoadThreads)),
       take_value("--rate", given.rate, options.rate, parse_rate),
       take_value("--total", given.total, options.total, parse_count),
       take_value("--duration", given.duration, options.duration, parse_duration)});
  if (!options.total && !options.duration) {
    options.duration = kDefaultDuration;
  }
  return taken;
}

Result<void> take_talk(const StressArguments& given, LoadOptions& options) {
  if (!given.http.empty() && !given.payload.empty()) {
    return std::unexpected(usage_error("--http and --payload exclude each other"));
  }
  if (!given.requests.empty() && given.http.empty() && given.payload.empty()) {
    return std::unexpected(usage_error("--requests: needs --http or --payload"));
  }
  if (!given.http.empty()) {
    options.work = LoadWork::kHttp;
  } else if (!given.payload.empty()) {
    options.work = LoadWork::kEcho;
  }
  return first_failure(
      {take_value("--http", given.http, options.path, parse_http_path),
       take_value("--payload", given.payload, options.payload_bytes,
                  [](std::string_view text) { return parse_size(text, 1, kMaxPayload); }),
       take_value("--requests", given.requests, options.requests, [](std::string_view text) {
         return parse_number_between(text, 1, std::numeric_limits<std::uint32_t>::max());
       })});
}

Result<void> take_times(const StressArguments& given, LoadOptions& options) {
  return first_failure(
      {take_value("--hold", given.hold, options.hold, parse_duration),
       take_value("--connect-timeout", given.connect_timeout, options.connect_timeout,
                  parse_duration),
       take_value("--timeout", given.timeout, options.answer_timeout, parse_duration),
       take_value("--user-timeout", given.user_timeout, options.user_timeout, parse_user_timeout)});
}

Result<void> take_addresses(const StressArguments& given, LoadOptions& options) {
  if (auto taken = take_family(given.ipv4, given.ipv6, options.family); !taken) {
    return taken;
  }
  return take_items("--source", given.sources, [&](std::string_view item) -> Result<void> {
    const auto prefix = parse_prefix(item);
    if (!prefix) {
      return std::unexpected(prefix.error());
    }
    options.sources.push_back(*prefix);
    return {};
  });
}

Result<void> take_target(const StressArguments& given, LoadOptions& options) {
  if (given.target.size() != 1) {
    return std::unexpected(
        given.target.empty()
            ? usage_error("stress: needs HOST:PORT", "see tcptrace stress --help")
            : usage_error(fmt::format("unexpected argument {}", quote(given.target[1])),
                          "there is one HOST:PORT"));
  }
  return take_value("stress", given.target, options.target, parse_target);
}

Result<Command> take_stress(const StressArguments& given) {
  StressOptions options;
  options.trace = given.trace;
  options.yes = given.yes;
  options.quiet = given.quiet;
  options.load.nodelay = given.nodelay;
  if (auto taken = first_failure(
          {take_output(given.output, options), take_target(given, options.load),
           take_pace(given, options.load), take_talk(given, options.load),
           take_times(given, options.load), take_addresses(given, options.load),
           take_value("--close", given.close, options.load.close,
                      [](std::string_view text) { return parse_choice(text, kCloseStyles); }),
           take_value("--keepalive", given.keepalive, options.load.keepalive, parse_keepalive)});
      !taken) {
    return std::unexpected(taken.error());
  }
  return options;
}

}  // namespace

Result<Command> parse_stress(std::span<const char* const> arguments) {
  CommandLine line;
  StressArguments given;
  declare_stress(line, given);
  return parse_command(line, arguments, given.common, stress_help,
                       [&]() -> Result<Command> { return take_stress(given); });
}

}  // namespace tcptrace::cli
