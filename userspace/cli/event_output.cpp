// SPDX-License-Identifier: GPL-2.0
#include "cli/event_output.h"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <utility>

#include "cli/run_context.h"
#include "cli/writer.h"
#include "output/text.h"
#include "sink/fd_sink.h"

namespace tcptrace::cli {
namespace {

class PrintedRecords final : public Writer {
 public:
  PrintedRecords(std::unique_ptr<sink::Sink> sink, output::Context context,
                 const EventOptions& options)
      : Writer(std::move(sink), std::move(context), options.json), options_(options) {}

  Result<void> begin(const model::Hooks& hooks) override;

 private:
  const EventOptions& options_;
};

Result<void> PrintedRecords::begin(const model::Hooks& hooks) {
  if (!options_.json) {
    output::Context on_stderr = context();
    on_stderr.color =
        use_color(options_.color, ::isatty(STDERR_FILENO) == 1, std::getenv("NO_COLOR"));
    std::fputs(output::hooks_text(hooks, options_.filter.events, on_stderr).c_str(), stderr);
    if (!options_.header) {
      return {};
    }
    if (auto written = write_header(); !written) {
      return written;
    }
  } else if (auto written = write(hooks); !written) {
    return written;
  }
  return flush();
}

}  // namespace

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

OpenRecords printed_records(const EventOptions& options) {
  return [&options](const std::string& host, std::chrono::nanoseconds boot_to_wall,
                    int interrupt_fd) -> Result<std::unique_ptr<RecordOutput>> {
    auto sink = open_output(options, interrupt_fd);
    if (!sink) {
      return std::unexpected(sink.error());
    }
    return std::make_unique<PrintedRecords>(std::move(*sink),
                                            event_context(options, host, boot_to_wall), options);
  };
}

Result<void> forgive_closed(Result<void> result) {
  if (!result &&
      (sink::output_closed(result.error()) || sink::output_interrupted(result.error()))) {
    return {};
  }
  return result;
}

}  // namespace tcptrace::cli
