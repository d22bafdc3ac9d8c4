// SPDX-License-Identifier: GPL-2.0
#include <string>
#include <string_view>

#include <fmt/core.h>

#include "cli/command_line.h"
#include "cli/completion.h"
#include "cli/help.h"
#include "cli/parse_choice.h"
#include "cli/parse_commands.h"
#include "cli/parse_values.h"
#include "cli/version.h"

namespace tcptrace::cli {
namespace {

constexpr Choices<AttachChoice, 4> kAttach{{{"auto", std::nullopt},
                                            {"fentry", model::AttachFamily::kFentry},
                                            {"tp", model::AttachFamily::kTracepoint},
                                            {"kprobe", model::AttachFamily::kKprobe}}};

}  // namespace

std::optional<PrintText> answer(const CommonFlags& common, const CommandLine& line,
                                std::string (*help)(const CommandLine&)) {
  if (common.help) {
    return PrintText{.text = help(line)};
  }
  if (common.version) {
    return PrintText{.text = fmt::format("tcptrace {}\n", version())};
  }
  return std::nullopt;
}

Result<AttachChoice> parse_attach(std::string_view text) { return parse_choice(text, kAttach); }

Result<Command> parse_check(std::span<const char* const> arguments) {
  CommandLine line;
  CommonFlags common;
  CheckOptions options;
  Values attach;
  line.group("Options");
  line.add_flag("-J,--json", options.json, "one JSON object instead of text");
  line.add_value("--attach", attach, "FAMILY", "try these hooks only: fentry, tp, kprobe or auto");
  line.add_common(common);
  return parse_command(line, arguments, common, check_help, [&]() -> Result<Command> {
    if (auto taken = take_value("--attach", attach, options.attach, parse_attach); !taken) {
      return std::unexpected(taken.error());
    }
    return options;
  });
}

Result<Command> parse_completion(std::span<const char* const> arguments) {
  CommandLine line;
  CommonFlags common;
  Values shells;
  line.add_operands(shells);
  line.add_common(common);
  return parse_command(line, arguments, common, completion_help, [&]() -> Result<Command> {
    if (shells.size() != 1) {
      return std::unexpected(usage_error("completion: needs one of bash, zsh, fish"));
    }
    const auto script = completion_script(shells.front());
    if (!script) {
      return std::unexpected(usage_error(
          fmt::format("completion: {} is not one of bash, zsh, fish", quote(shells.front()))));
    }
    return PrintText{.text = std::string(*script)};
  });
}

}  // namespace tcptrace::cli
