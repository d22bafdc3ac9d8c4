// SPDX-License-Identifier: GPL-2.0
#include "cli/options.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "cli/parse_commands.h"
#include "cli/parse_suggest.h"
#include "cli/parse_values.h"

namespace tcptrace::cli {
namespace {

Error unknown_command(std::string_view word) {
  const std::array<std::string, 10> names{"trace",  "replay", "snapshot", "check",      "drill",
                                          "stress", "serve",  "probe",    "completion", "--help"};
  std::string hint = did_you_mean(word, names);
  return usage_error(fmt::format("unknown command {}", quote(word)),
                     hint.empty() ? "see tcptrace --help" : std::move(hint));
}

}  // namespace

Result<Command> parse(std::span<const char* const> arguments, const HostLookup& host) {
  const std::string_view word = arguments.empty() ? "" : arguments.front();
  if (arguments.empty() || word.starts_with('-')) {
    return parse_trace(arguments, host);
  }
  if (word == "trace") {
    return parse_trace(arguments.subspan(1), host);
  }
  if (word == "replay") {
    return parse_replay(arguments.subspan(1));
  }
  if (word == "snapshot") {
    return parse_snapshot(arguments.subspan(1), host);
  }
  if (word == "check") {
    return parse_check(arguments.subspan(1));
  }
  if (word == "drill") {
    return parse_drill(arguments.subspan(1));
  }
  if (word == "stress") {
    return parse_stress(arguments.subspan(1));
  }
  if (word == "serve") {
    return parse_serve(arguments.subspan(1));
  }
  if (word == "probe") {
    return parse_probe(arguments.subspan(1));
  }
  if (word == "completion") {
    return parse_completion(arguments.subspan(1));
  }
  return std::unexpected(unknown_command(word));
}

std::string diagnostic(const Error& error) {
  return error.hint.empty() ? fmt::format("tcptrace: {}\n", error.what)
                            : fmt::format("tcptrace: {}; {}\n", error.what, error.hint);
}

bool use_color(ColorChoice choice, bool terminal, const char* no_color) {
  switch (choice) {
    case ColorChoice::kAlways:
      return true;
    case ColorChoice::kNever:
      return false;
    case ColorChoice::kAuto:
      break;
  }
  // https://no-color.org: any value but the empty one.
  return terminal && (no_color == nullptr || *no_color == '\0');
}

}  // namespace tcptrace::cli
