// SPDX-License-Identifier: GPL-2.0
#include "cli/options.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/core.h>

#include "cli/parse_commands.h"
#include "cli/parse_suggest.h"
#include "cli/parse_values.h"

namespace tcptrace::cli {
namespace {

using Arguments = std::span<const char* const>;

struct Subcommand {
  std::string_view name;
  Result<Command> (*parse)(Arguments arguments, const HostLookup& host);
};

// For those whose arguments mean the same on every host.
template <Result<Command> (*Parse)(Arguments)>
Result<Command> anywhere(Arguments arguments, const HostLookup& /*host*/) {
  return Parse(arguments);
}

constexpr std::array kSubcommands = {
    Subcommand{"trace", parse_trace},
    Subcommand{"replay", anywhere<parse_replay>},
    Subcommand{"snapshot", parse_snapshot},
    Subcommand{"check", anywhere<parse_check>},
    Subcommand{"drill", anywhere<parse_drill>},
    Subcommand{"stress", anywhere<parse_stress>},
    Subcommand{"serve", anywhere<parse_serve>},
    Subcommand{"probe", anywhere<parse_probe>},
    Subcommand{"analyze", parse_analyze},
    Subcommand{"pools", parse_pools},
    Subcommand{"monitor", parse_monitor},
    Subcommand{"report", parse_report},
    Subcommand{"tune", anywhere<parse_tune>},
    Subcommand{"generate", anywhere<parse_generate>},
    Subcommand{"completion", anywhere<parse_completion>},
};

Error unknown_command(std::string_view word) {
  std::vector<std::string> names{"--help"};
  for (const Subcommand& subcommand : kSubcommands) {
    names.emplace_back(subcommand.name);
  }
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
  const auto found = std::ranges::find(kSubcommands, word, &Subcommand::name);
  return found == kSubcommands.end() ? std::unexpected(unknown_command(word))
                                     : found->parse(arguments.subspan(1), host);
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
