// SPDX-License-Identifier: GPL-2.0
#include "cli/event_output.h"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <utility>

#include "host/boot_clock.h"
#include "output/text.h"
#include "sink/fd_sink.h"

namespace tcptrace::cli {

Result<std::unique_ptr<sink::Sink>> open_output(const EventOptions& options, int interrupt_fd) {
  return options.output ? sink::open_file(*options.output, interrupt_fd)
                        : sink::open_stdout(interrupt_fd);
}

output::Context make_context(const EventOptions& options, std::string host,
                             std::chrono::nanoseconds boot_to_wall) {
  const bool terminal = !options.output && ::isatty(STDOUT_FILENO) == 1;
  output::Context context;
  context.host = std::move(host);
  context.boot_to_wall = boot_to_wall;
  context.color = !options.json && use_color(options.color, terminal, std::getenv("NO_COLOR"));
  context.verbose = options.verbose;
  context.utc_offset = host::local_utc_offset;
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
