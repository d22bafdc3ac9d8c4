// SPDX-License-Identifier: GPL-2.0
#include <charconv>
#include <string>
#include <string_view>
#include <system_error>

#include <fmt/core.h>

#include "base/text.h"
#include "cli/command_line.h"
#include "cli/help.h"
#include "cli/parse_commands.h"
#include "cli/parse_values.h"
#include "stress/http_text.h"

namespace tcptrace::cli {
namespace {

struct ProbeArguments {
  CommonFlags common;
  Values target, count, interval, timeout, send, http;
  bool ipv4 = false, ipv6 = false, resolve_each = false, all_addresses = false;
  bool first_byte = false, json = false;
};

void declare_probe(CommandLine& line, ProbeArguments& arguments) {
  line.group("Options");
  line.add_operands(arguments.target);
  line.add_value(
      "-c,--count", arguments.count, "N",
      "this many attempts, with --all-addresses of each; 0: until Ctrl-C; the default is 10");
  line.add_value("-i,--interval", arguments.interval, "TIME",
                 "from the beginning of one attempt to that of the next; the default is 1s");
  line.add_value("--timeout", arguments.timeout, "TIME",
                 "how long a connect may take, and again the first byte; the default is 5s");
  line.add_flag("-J,--json", arguments.json, "JSON Lines: one object per line");
  line.group("Names");
  line.add_flag("-4,--ipv4", arguments.ipv4, "IPv4 addresses only");
  line.add_flag("-6,--ipv6", arguments.ipv6, "IPv6 addresses only");
  line.add_flag("--resolve-each", arguments.resolve_each,
                "resolve the name for every attempt, not once");
  line.add_flag("--all-addresses", arguments.all_addresses,
                "connect to each address of the name in turn, an attempt each");
  line.group("After the connect");
  line.add_flag("--first-byte", arguments.first_byte, "wait for what the server says first");
  line.add_value(
      "--send", arguments.send, "TEXT",
      R"(send this and wait for the first byte; \r, \n, \t, \\ and \xNN are understood)");
  line.add_value("--http", arguments.http, "PATH", "ask for this path over HTTP, likewise");
  line.add_common(arguments.common);
}

Result<std::uint64_t> parse_rounds(std::string_view text) {
  return text == "0" ? Result<std::uint64_t>(0) : parse_count(text);
}

// What a backslash and the beginning of `rest` stand for; takes it from there.
Result<char> take_escape(std::string_view& rest) {
  const char letter = rest.empty() ? '\0' : rest.front();
  rest.remove_prefix(rest.empty() ? 0 : 1);
  switch (letter) {
    case 'r':
      return '\r';
    case 'n':
      return '\n';
    case 't':
      return '\t';
    case '\\':
      return '\\';
    default:
      break;
  }
  unsigned char byte = 0;
  const std::string_view digits = rest.substr(0, 2);
  const char* const end = digits.data() + digits.size();
  const auto [stop, failure] = std::from_chars(digits.data(), end, byte, 16);
  if (letter != 'x' || digits.size() != 2 || failure != std::errc() || stop != end) {
    return std::unexpected(
        usage_error("has a backslash before something else than r, n, t, "
                    "another backslash or xNN"));
  }
  rest.remove_prefix(2);
  return static_cast<char>(byte);
}

Result<std::string> parse_request(std::string_view text) {
  std::string request;
  std::string_view rest = text;
  while (!rest.empty()) {
    const char c = rest.front();
    rest.remove_prefix(1);
    if (c != '\\') {
      request += c;
      continue;
    }
    auto meant = take_escape(rest);
    if (!meant) {
      return std::unexpected(usage_error(fmt::format("{} {}", quote(text), meant.error().what)));
    }
    request += *meant;
  }
  if (request.empty()) {
    return std::unexpected(usage_error("\"\" is nothing to send", "see --first-byte"));
  }
  return request;
}

Result<std::string> http_request(std::string_view text, const model::Target& target) {
  const auto path = parse_http_path(text);
  return path ? Result<std::string>(stress::http_get(target, *path, true)) : path;
}

Result<void> take_request(const ProbeArguments& given, model::ProbeConfig& config) {
  if (!given.send.empty() && !given.http.empty()) {
    return std::unexpected(usage_error("--send and --http exclude each other"));
  }
  config.first_byte = given.first_byte || !given.send.empty() || !given.http.empty();
  if (auto taken = take_value("--send", given.send, config.request, parse_request); !taken) {
    return taken;
  }
  return take_value("--http", given.http, config.request,
                    [&config](std::string_view path) { return http_request(path, config.target); });
}

Result<void> take_target(const ProbeArguments& given, model::ProbeConfig& config) {
  if (given.target.size() != 1) {
    return std::unexpected(
        usage_error(given.target.empty() ? "probe: needs a target" : "probe: takes one target",
                    "give HOST:PORT"));
  }
  if (auto taken = take_family(given.ipv4, given.ipv6, config.family); !taken) {
    return taken;
  }
  return take_value("probe", given.target, config.target, parse_target);
}

}  // namespace

Result<Command> parse_probe(std::span<const char* const> arguments) {
  CommandLine line;
  ProbeArguments given;
  declare_probe(line, given);
  return parse_command(line, arguments, given.common, probe_help, [&]() -> Result<Command> {
    ProbeOptions options;
    model::ProbeConfig& config = options.probe;
    options.json = given.json;
    config.resolve_each = given.resolve_each;
    config.all_addresses = given.all_addresses;
    if (auto taken = first_failure(
            {take_target(given, config),
             take_value("--count", given.count, config.count, parse_rounds),
             take_value("--interval", given.interval, config.interval, parse_duration),
             take_value("--timeout", given.timeout, config.timeout, parse_duration),
             take_request(given, config)});
        !taken) {
      return std::unexpected(taken.error());
    }
    return options;
  });
}

}  // namespace tcptrace::cli
