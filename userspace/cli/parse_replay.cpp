// SPDX-License-Identifier: GPL-2.0
#include <string>

#include "cli/help.h"
#include "cli/parse_app.h"
#include "cli/parse_commands.h"
#include "cli/parse_filter.h"
#include "cli/parse_output.h"
#include "cli/parse_values.h"

namespace tcptrace::cli {

Result<Command> parse_replay(std::span<const char* const> arguments) {
  CLI::App app;
  CommonFlags common;
  FilterArguments filter;
  OutputArguments output;
  Values files;
  app.add_option("file", files)->type_name("FILE");
  declare_filter(app, filter, "connections that these processes owned");
  declare_events(app, filter);
  declare_output(app, output);
  declare_count(app, output);
  declare_common(app, common);
  return parse_command(app, arguments, common, replay_help, [&]() -> Result<Command> {
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
    if (options.output && options.output == options.recording) {
      return std::unexpected(usage_error("--output would replace the recording"));
    }
    return options;
  });
}

}  // namespace tcptrace::cli
