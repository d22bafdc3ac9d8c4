// SPDX-License-Identifier: GPL-2.0
#include <algorithm>
#include <cctype>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "cli/command_line.h"
#include "cli/help.h"
#include "cli/parse_choice.h"
#include "cli/parse_commands.h"
#include "cli/parse_filter.h"
#include "cli/parse_output.h"
#include "cli/parse_values.h"

namespace tcptrace::cli {
namespace {

constexpr Choices<SourceChoice, 3> kSources{{{"auto", std::nullopt},
                                             {"iter", model::SocketSource::kIter},
                                             {"netlink", model::SocketSource::kNetlink}}};

using model::TcpState;
// Those in which a snapshot can find a socket.
constexpr std::array kStates = {TcpState::kEstablished, TcpState::kSynSent,   TcpState::kSynRecv,
                                TcpState::kFinWait1,    TcpState::kFinWait2,  TcpState::kTimeWait,
                                TcpState::kClose,       TcpState::kCloseWait, TcpState::kLastAck,
                                TcpState::kListen,      TcpState::kClosing};

struct SnapshotArguments {
  CommonFlags common;
  FilterArguments filter;
  OutputArguments output;
  Values states, source;
  bool listen = false;
};

void declare_snapshot(CommandLine& line, SnapshotArguments& arguments) {
  declare_filter(line, arguments.filter, "sockets that these processes hold");
  line.add_value(
      "--state", arguments.states, "STATE,...",
      "sockets in these states: established, syn_sent, fin_wait1 and so on, as here or as "
      "ss spells them");
  line.add_flag("--listen", arguments.listen,
                "listening sockets only, with the length and the limit of their queues");
  declare_output(line, arguments.output, "a second line with more of each socket");
  line.group("Kernel side");
  line.add_value("--source", arguments.source, "SOURCE", std::string(kSourceHelp));
  line.add_common(arguments.common);
}

// "fin-wait-1", "FIN_WAIT1": "FINWAIT1".
std::string plain(std::string_view text) {
  std::string letters;
  for (const char c : text) {
    if (c != '-' && c != '_') {
      letters += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    }
  }
  return letters;
}

Result<TcpState> parse_state(std::string_view text) {
  const std::string wanted = plain(text);
  std::vector<std::string> names;
  for (const TcpState state : kStates) {
    std::string name(model::state_name(state));
    if (plain(name) == wanted || (state == TcpState::kListen && wanted == "LISTENING") ||
        (state == TcpState::kClose && wanted == "CLOSED")) {
      return state;
    }
    std::ranges::transform(name, name.begin(),
                           [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    names.push_back(std::move(name));
  }
  return std::unexpected(
      usage_error(fmt::format("{} is not one of {}", quote(text), fmt::join(names, ", ")),
                  did_you_mean(text, names)));
}

Result<void> take_states(const SnapshotArguments& arguments, SnapshotOptions& options) {
  if (arguments.listen && !arguments.states.empty()) {
    return std::unexpected(usage_error("--listen and --state exclude each other"));
  }
  options.listen = arguments.listen;
  if (arguments.listen) {
    options.states = state_bit(TcpState::kListen);
  }
  return take_items("--state", arguments.states, [&](std::string_view item) -> Result<void> {
    const auto state = parse_state(item);
    if (!state) {
      return std::unexpected(state.error());
    }
    options.states = options.states.value_or(0) | state_bit(*state);
    return {};
  });
}

}  // namespace

Result<SourceChoice> parse_source(std::string_view text) { return parse_choice(text, kSources); }

Result<Command> parse_snapshot(std::span<const char* const> arguments, const HostLookup& host) {
  CommandLine line;
  SnapshotArguments given;
  declare_snapshot(line, given);
  return parse_command(line, arguments, given.common, snapshot_help, [&]() -> Result<Command> {
    SnapshotOptions options;
    if (auto taken = first_failure(
            {take_output(given.output, options),
             take_value("--source", given.source, options.source, parse_source),
             take_states(given, options), take_filter(given.filter, host, options.filter)});
        !taken) {
      return std::unexpected(taken.error());
    }
    return options;
  });
}

}  // namespace tcptrace::cli
