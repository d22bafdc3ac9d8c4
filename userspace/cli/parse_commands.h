// SPDX-License-Identifier: GPL-2.0
// The command lines of each subcommand: arguments to options.
#pragma once

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "cli/command_line.h"
#include "cli/options.h"
#include "cli/parse_host.h"

namespace tcptrace::cli {

// `arguments` begins behind the name of the command.
[[nodiscard]] Result<Command> parse_trace(std::span<const char* const> arguments,
                                          const HostLookup& host);
[[nodiscard]] Result<Command> parse_replay(std::span<const char* const> arguments);
[[nodiscard]] Result<Command> parse_snapshot(std::span<const char* const> arguments,
                                             const HostLookup& host);
[[nodiscard]] Result<Command> parse_check(std::span<const char* const> arguments);
[[nodiscard]] Result<Command> parse_drill(std::span<const char* const> arguments);
[[nodiscard]] Result<Command> parse_stress(std::span<const char* const> arguments);
[[nodiscard]] Result<Command> parse_serve(std::span<const char* const> arguments);
[[nodiscard]] Result<Command> parse_probe(std::span<const char* const> arguments);
[[nodiscard]] Result<Command> parse_analyze(std::span<const char* const> arguments,
                                            const HostLookup& host);
[[nodiscard]] Result<Command> parse_pools(std::span<const char* const> arguments,
                                          const HostLookup& host);
[[nodiscard]] Result<Command> parse_monitor(std::span<const char* const> arguments,
                                            const HostLookup& host);
[[nodiscard]] Result<Command> parse_report(std::span<const char* const> arguments,
                                           const HostLookup& host);
[[nodiscard]] Result<Command> parse_tune(std::span<const char* const> arguments);
[[nodiscard]] Result<Command> parse_generate(std::span<const char* const> arguments);
[[nodiscard]] Result<Command> parse_completion(std::span<const char* const> arguments);

// What --help or --version asks for, if one was given.
[[nodiscard]] std::optional<PrintText> answer(const CommonFlags& common, const CommandLine& line,
                                              std::string (*help)(const CommandLine&));

// The way of every command line: parsed, --help and --version answered, or else what `take` makes
// of its values.
template <typename Take>
[[nodiscard]] Result<Command> parse_command(CommandLine& line,
                                            std::span<const char* const> arguments,
                                            const CommonFlags& common,
                                            std::string (*help)(const CommandLine&),
                                            const Take& take) {
  if (auto parsed = line.parse(arguments); !parsed) {
    return std::unexpected(parsed.error());
  }
  if (auto text = answer(common, line, help)) {
    return *std::move(text);
  }
  return take();
}

[[nodiscard]] Result<AttachChoice> parse_attach(std::string_view text);

// Between two looks at all sockets.
[[nodiscard]] Result<std::chrono::nanoseconds> parse_interval(std::string_view text);

// --source: where sockets are read from.
inline constexpr std::string_view kSourceHelp =
    "iter (a BPF iterator), netlink (sock_diag) or auto, the default: iter where it loads, else "
    "netlink";
[[nodiscard]] Result<SourceChoice> parse_source(std::string_view text);

}  // namespace tcptrace::cli
