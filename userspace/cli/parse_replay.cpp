// SPDX-License-Identifier: GPL-2.0
#include <string>

#include "cli/command_line.h"
#include "cli/help.h"
#include "cli/parse_commands.h"
#include "cli/parse_filter.h"
#include "cli/parse_output.h"
#include "cli/parse_values.h"

namespace tcptrace::cli {

Result<Command> parse_replay(std::span<const char* const> arguments) {
  CommandLine line;
  CommonFlags common;
  FilterArguments filter;
  OutputArguments output;
  Values files;
  line.add_operands(files);
  declare_filter(line, filter, "connections that these processes owned");
  declare_events(line, filter);
  declare_output(line, output);
  declare_count(line, output);
  line.add_common(common);
  return parse_command(line, arguments, common, replay_help, [&]() -> Result<Command> {
    ReplayOptions options;
    if (files.size() != 1 || files.front().empty()) {
      return std::unexpected(usage_error("replay: needs one file, or - for stdin"));
    }
    options.recording = files.front();
    if (auto taken = first_failure({take_output(output, options), take_count(output, options),
                                    take_recorded_filter(filter, options.filter, options.cgroups)});
        !taken) {
      return std::unexpected(taken.error());
    }
    return options;
  });
}

}  // namespace tcptrace::cli
