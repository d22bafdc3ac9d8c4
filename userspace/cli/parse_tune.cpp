// SPDX-License-Identifier: GPL-2.0
#include <string>
#include <string_view>

#include "cli/command_line.h"
#include "cli/help.h"
#include "cli/parse_choice.h"
#include "cli/parse_commands.h"
#include "cli/parse_output.h"
#include "cli/parse_values.h"

namespace tcptrace::cli {
namespace {

using model::TuneAction;
using model::TuneProfile;

constexpr Choices<TuneProfile, 3> kProfiles{{{"web", TuneProfile::kWeb},
                                             {"proxy", TuneProfile::kProxy},
                                             {"low-memory", TuneProfile::kLowMemory}}};

struct TuneArguments {
  CommonFlags common;
  OutputArguments output;
  Values profile, root;
  bool dry_run = false, apply = false, restore = false, live_only = false;
};

void declare_tune(CommandLine& line, TuneArguments& arguments) {
  line.group("What to do");
  line.add_flag("--dry-run", arguments.dry_run,
                "show the proposals and the drop-in, and change nothing: the default");
  line.add_flag("--apply", arguments.apply, "set what is proposed, now and at every boot");
  line.add_flag("--restore", arguments.restore,
                "put back the values and the drop-in as they were before the first --apply");
  line.group("How");
  line.add_value("--profile", arguments.profile, "PROFILE",
                 "web, proxy or low-memory: general advice for such a host too");
  line.add_flag("--live-only", arguments.live_only,
                "write no drop-in: the values last as long as this network namespace, or until "
                "the next boot");
  line.add_value("--root", arguments.root, "DIR",
                 "look for proc, etc, run, usr and var below this directory, without sockets "
                 "and without root; /: this host, and from any namespace its boot files");
  declare_document(line, arguments.output, "JSON: one object",
                   "also what was looked at and stays as it is, and why");
  line.add_common(arguments.common);
}

Result<void> take_action(const TuneArguments& given, TuneOptions& options) {
  if (given.dry_run + given.apply + given.restore > 1) {
    return std::unexpected(usage_error("--dry-run, --apply and --restore exclude each other"));
  }
  options.action = given.apply     ? TuneAction::kApply
                   : given.restore ? TuneAction::kRestore
                                   : TuneAction::kDryRun;
  options.live_only = given.live_only;
  if (given.restore && given.live_only) {
    return std::unexpected(
        usage_error("--restore excludes --live-only", "the backup knows what was written"));
  }
  if (given.restore && !given.profile.empty()) {
    return std::unexpected(usage_error("--restore excludes --profile"));
  }
  return {};
}

}  // namespace

Result<Command> parse_tune(std::span<const char* const> arguments) {
  CommandLine line;
  TuneArguments given;
  declare_tune(line, given);
  return parse_command(line, arguments, given.common, tune_help, [&]() -> Result<Command> {
    TuneOptions options;
    if (auto taken = first_failure(
            {take_output(given.output, options), take_action(given, options),
             take_value("--profile", given.profile, options.profile,
                        [](std::string_view text) { return parse_choice(text, kProfiles); }),
             take_value("--root", given.root, options.root, parse_path)});
        !taken) {
      return std::unexpected(taken.error());
    }
    return options;
  });
}

}  // namespace tcptrace::cli
