// SPDX-License-Identifier: GPL-2.0
#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>

#include <fmt/core.h>

#include "cli/command_line.h"
#include "cli/help.h"
#include "cli/parse_choice.h"
#include "cli/parse_commands.h"
#include "cli/parse_values.h"

namespace tcptrace::cli {
namespace {

constexpr Choices<model::ServeMode, 3> kServeModes{{{"echo", model::ServeMode::kEcho},
                                                    {"discard", model::ServeMode::kDiscard},
                                                    {"http", model::ServeMode::kHttp}}};
constexpr std::uint32_t kMaxServerThreads = 256;
constexpr std::uint32_t kMaxBodyBytes = 256U << 20;
constexpr std::uint32_t kMaxReadRate = 1U << 30;
constexpr std::uint32_t kMaxBacklog = 1U << 20;

struct ServeArguments {
  CommonFlags common;
  Values address, mode, threads, body, backlog, duration, interval;
  Values accept_delay, read_rate, idle_timeout, respond_delay, close_after, fail_rate;
  bool close_unread = false, linger0 = false, half_open = false, json = false;
};

void declare_faults(CommandLine& line, ServeArguments& arguments) {
  line.group("Faults");
  line.add_value("--accept-delay", arguments.accept_delay, "TIME",
                 "accept one connection, then none for this long: the queue fills up");
  line.add_value("--read-rate", arguments.read_rate, "BYTES",
                 "read no more than this in a second of each connection: its window closes");
  line.add_value("--respond-delay", arguments.respond_delay, "TIME",
                 "answer this long after a request has come");
  line.add_value("--idle-timeout", arguments.idle_timeout, "TIME",
                 "close a connection on which nothing came or went for this long");
  line.add_value("--close-after", arguments.close_after, "N",
                 "close a connection when this many requests are answered");
  line.add_flag("--close-unread", arguments.close_unread,
                "close when the first data has come, without reading it: a reset");
  line.add_flag("--linger0", arguments.linger0,
                "close every connection with a reset (SO_LINGER, 0 s)");
  line.add_value("--fail-rate", arguments.fail_rate, "PERCENT",
                 "reset this share of the connections as soon as they are accepted, evenly spread");
  line.add_flag("--half-open", arguments.half_open, "accept, and then never read, answer or close");
}

void declare_serve(CommandLine& line, ServeArguments& arguments) {
  line.group("Options");
  line.add_operands(arguments.address);
  line.add_value("-m,--mode", arguments.mode, "MODE",
                 "echo (the default), discard or http (1.1; GET and HEAD)");
  line.add_value("--body", arguments.body, "BYTES", "of an answer over HTTP; the default is 0");
  line.add_value("-t,--threads", arguments.threads, "N",
                 "each with a listening socket of its own (SO_REUSEPORT); the default is 1");
  line.add_value(
      "--backlog", arguments.backlog, "N",
      "length of the queue of connections to accept, of each thread; the default is 4096");
  line.add_value("-d,--duration", arguments.duration, "TIME",
                 "end after this time: 10, 10s, 1.5m, 2h, 500ms");
  line.add_value("-i,--interval", arguments.interval, "TIME",
                 "a line of rates on stderr this often");
  line.add_flag("-J,--json", arguments.json, "JSON Lines: one object per line");
  declare_faults(line, arguments);
  line.add_common(arguments.common);
}

Result<double> parse_percent(std::string_view text) {
  double value = 0;
  const std::string_view number = text.ends_with('%') ? text.substr(0, text.size() - 1) : text;
  const char* const end = number.data() + number.size();
  const auto [stop, failure] = std::from_chars(number.data(), end, value, std::chars_format::fixed);
  if (number.empty() || failure != std::errc() || stop != end || !(value >= 0 && value <= 100)) {
    return std::unexpected(
        usage_error(fmt::format("{} is not a share from 0 to 100", quote(text))));
  }
  return value / 100;
}

auto size_parser(std::uint32_t min, std::uint32_t max) {
  return [min, max](std::string_view text) { return parse_size(text, min, max); };
}

Result<int> parse_backlog(std::string_view text) {
  auto size = parse_size(text, 0, kMaxBacklog);
  if (!size) {
    return std::unexpected(size.error());
  }
  return static_cast<int>(*size);
}

// "8080", ":8080", "192.0.2.1:8080", "[::1]:8080", "localhost:8080"; port 0 is any.
Result<void> take_address(const Values& given, model::ServeConfig& config) {
  if (given.size() != 1) {
    return std::unexpected(
        usage_error(given.empty() ? "serve: needs a port" : "serve: listens on one address",
                    "give PORT or ADDRESS:PORT; port 0 is any that is free"));
  }
  const std::string& text = given.front();
  const std::size_t colon = text.rfind(':');
  const std::string port = text.substr(colon == std::string::npos ? 0 : colon + 1);
  // Nobody can connect to port 0, so parse_target() takes it for a mistake.
  const bool any_port = !port.empty() && port.find_first_not_of('0') == std::string::npos;
  const bool all_addresses = colon == std::string::npos || colon == 0;
  const std::string host = all_addresses ? "all" : text.substr(0, colon);
  auto target = parse_target(host + ":" + (any_port ? "1" : port));
  if (!target) {
    return std::unexpected(
        usage_error(fmt::format("serve: {} is not [ADDRESS:]PORT", quote(text)),
                    "a port is from 0 to 65535, and an IPv6 address goes in brackets: [::1]:80"));
  }
  config.host = all_addresses ? "" : target->host;
  config.port = any_port ? 0 : target->port;
  return {};
}

Result<void> take_values(const ServeArguments& given, ServeOptions& options) {
  model::ServeConfig& config = options.server;
  return first_failure({
      take_value("--mode", given.mode, config.mode,
                 [](std::string_view text) { return parse_choice(text, kServeModes); }),
      take_value("--body", given.body, config.body_bytes, size_parser(0, kMaxBodyBytes)),
      take_value("--threads", given.threads, config.threads, size_parser(1, kMaxServerThreads)),
      take_value("--backlog", given.backlog, config.backlog, parse_backlog),
      take_value("--duration", given.duration, options.duration, parse_duration),
      take_value("--interval", given.interval, options.interval, parse_duration),
      take_value("--accept-delay", given.accept_delay, config.accept_delay, parse_duration),
      take_value("--read-rate", given.read_rate, config.read_rate, size_parser(1, kMaxReadRate)),
      take_value("--idle-timeout", given.idle_timeout, config.idle_timeout, parse_duration),
      take_value("--respond-delay", given.respond_delay, config.respond_delay, parse_duration),
      take_value("--close-after", given.close_after, config.close_after, parse_count),
      take_value("--fail-rate", given.fail_rate, config.fail_rate, parse_percent),
  });
}

struct Conflict {
  bool both = false;
  std::string_view what;
  std::string_view hint;
};

// What cannot be meant together.
Result<void> check_combination(const ServeArguments& given, const model::ServeConfig& config) {
  using model::ServeMode;
  const bool reads_or_closes = config.read_rate != 0 || config.idle_timeout ||
                               config.respond_delay || config.close_after != 0 ||
                               config.close_unread;
  const bool after_reading =
      config.read_rate != 0 || config.respond_delay || config.close_after != 0;
  for (const auto& [both, what, hint] : {
           Conflict{!given.body.empty() && config.mode != ServeMode::kHttp,
                    "--body: only an answer over HTTP has one", "add --mode http"},
           Conflict{config.respond_delay && config.mode == ServeMode::kDiscard,
                    "--respond-delay: --mode discard answers nothing", "take echo or http"},
           Conflict{config.accept_delay && config.threads > 1,
                    "--accept-delay and --threads exclude each other",
                    "one thread accepts one connection after the other"},
           Conflict{config.half_open && reads_or_closes,
                    "--half-open never reads or closes: it excludes --read-rate, --respond-delay, "
                    "--idle-timeout, --close-after and --close-unread",
                    ""},
           Conflict{config.close_unread && after_reading,
                    "--close-unread never reads: it excludes --read-rate, --respond-delay and "
                    "--close-after",
                    ""},
       }) {
    if (both) {
      return std::unexpected(usage_error(std::string(what), std::string(hint)));
    }
  }
  return {};
}

}  // namespace

Result<Command> parse_serve(std::span<const char* const> arguments) {
  CommandLine line;
  ServeArguments given;
  declare_serve(line, given);
  return parse_command(line, arguments, given.common, serve_help, [&]() -> Result<Command> {
    ServeOptions options;
    options.json = given.json;
    options.server.close_unread = given.close_unread;
    options.server.linger0 = given.linger0;
    options.server.half_open = given.half_open;
    if (auto taken =
            first_failure({take_address(given.address, options.server), take_values(given, options),
                           check_combination(given, options.server)});
        !taken) {
      return std::unexpected(taken.error());
    }
    return options;
  });
}

}  // namespace tcptrace::cli
