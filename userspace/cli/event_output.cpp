// SPDX-License-Identifier: GPL-2.0
#include "cli/event_output.h"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <utility>

#include "cli/run_context.h"
#include "output/text.h"
#include "sink/fd_sink.h"

namespace tcptrace::cli {

Result<std::unique_ptr<sink::Sink>> open_output(const OutputOptions& options, int interrupt_fd) {
  return options.output ? sink::open_file(*options.output, interrupt_fd)
                        : sink::open_stdout(interrupt_fd);
}

output::Context event_context(const EventOptions& options, std::string host,
                              std::chrono::nanoseconds boot_to_wall) {
  output::Context context = make_context(options);
  context.host = std::move(host);
  context.boot_to_wall = boot_to_wall;
  return context;
}

Result<void> write_opening(Writer& writer, const model::Hooks& hooks, const EventOptions& options) {
  if (!options.json) {
    output::Context context = writer.context();
    context.color = use_color(options.color, ::isatty(STDERR_FILENO) == 1, std::getenv("NO_COLOR"));
    std::fputs(output::hooks_text(hooks, options.filter.events, context).c_str(), stderr);
    if (!options.header) {
      return {};
    }
    if (auto written = writer.write_header(); !written) {
      return written;
    }
  } else if (auto written = writer.write(hooks); !written) {
    return written;
  }
  return writer.flush();
}

Result<void> forgive_closed(Result<void> result) {
  if (!result &&
      (sink::output_closed(result.error()) || sink::output_interrupted(result.error()))) {
    return {};
  }
  return result;
}

}  // namespace tcptrace::cli
