// SPDX-License-Identifier: GPL-2.0
#include <string>
#include <vector>

#include <fmt/core.h>

#include "cli/command_line.h"
#include "cli/drill.h"
#include "cli/help.h"
#include "cli/parse_commands.h"
#include "cli/parse_suggest.h"
#include "cli/parse_values.h"

namespace tcptrace::cli {
namespace {

Error no_such_drill(const std::string& name) {
  std::vector<std::string> names;
  for (const stress::Drill& drill : stress::drills()) {
    names.emplace_back(drill.name);
  }
  std::string hint = did_you_mean(name, names);
  return usage_error(fmt::format("drill: there is no {}", quote(name)),
                     hint.empty() ? "see tcptrace drill --list" : std::move(hint));
}

Result<std::vector<const stress::Drill*>> parse_names(const Values& names) {
  std::vector<const stress::Drill*> chosen;
  for (const std::string& name : names) {
    if (name == "all") {
      for (const stress::Drill& drill : stress::drills()) {
        chosen.push_back(&drill);
      }
      continue;
    }
    const stress::Drill* drill = stress::find_drill(name);
    if (drill == nullptr) {
      return std::unexpected(no_such_drill(name));
    }
    chosen.push_back(drill);
  }
  return chosen;
}

}  // namespace

Result<Command> parse_drill(std::span<const char* const> arguments) {
  CommandLine line;
  CommonFlags common;
  DrillOptions options;
  Values names;
  Values attach;
  bool list = false;
  line.group("Options");
  line.add_operands(names);
  line.add_flag("-l,--list", list, "every drill, with its cause and its story");
  line.add_flag("-J,--json", options.json, "JSON Lines: one object per line");
  line.add_flag("-v,--verbose", options.verbose, "say more about each event");
  line.add_value("--attach", attach, "FAMILY", "use these hooks only: fentry, tp, kprobe or auto");
  line.add_common(common);
  return parse_command(line, arguments, common, drill_help, [&]() -> Result<Command> {
    if (list) {
      return PrintText{.text = drill_list()};
    }
    auto drills = parse_names(names);
    if (!drills) {
      return std::unexpected(drills.error());
    }
    if (drills->empty()) {
      return std::unexpected(usage_error("drill: needs a name", "see tcptrace drill --list"));
    }
    options.drills = std::move(*drills);
    if (auto taken = take_value("--attach", attach, options.attach, parse_attach); !taken) {
      return std::unexpected(taken.error());
    }
    return options;
  });
}

}  // namespace tcptrace::cli
