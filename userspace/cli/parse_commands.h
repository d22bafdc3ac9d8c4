// SPDX-License-Identifier: GPL-2.0
// The command lines of each subcommand: arguments to options.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "cli/options.h"
#include "cli/parse_app.h"
#include "cli/parse_host.h"

namespace tcptrace::cli {

// `arguments` begins behind the name of the command.
[[nodiscard]] Result<Command> parse_trace(std::span<const char* const> arguments,
                                          const HostLookup& host);
[[nodiscard]] Result<Command> parse_replay(std::span<const char* const> arguments);
[[nodiscard]] Result<Command> parse_check(std::span<const char* const> arguments);
[[nodiscard]] Result<Command> parse_drill(std::span<const char* const> arguments);
[[nodiscard]] Result<Command> parse_completion(std::span<const char* const> arguments);

// What --help or --version asks for, if one was given.
[[nodiscard]] std::optional<PrintText> answer(const CommonFlags& common, const CLI::App& app,
                                              std::string (*help)(const CLI::App&));

[[nodiscard]] Result<AttachChoice> parse_attach(std::string_view text);

}  // namespace tcptrace::cli
