// SPDX-License-Identifier: GPL-2.0
#include "cli/pools.h"

#include "cli/dump_words.h"
#include "cli/event_output.h"
#include "cli/pool_watch.h"
#include "cli/run_context.h"
#include "host/signal_fd.h"
#include "output/pools.h"
#include "sink/sink.h"

namespace tcptrace::cli {

Result<void> run_pools(const PoolsOptions& options) {
  auto signals = host::SignalFd::open();
  if (!signals) {
    return std::unexpected(signals.error());
  }
  const auto watch = PoolWatch::open(options, *signals);
  if (!watch) {
    return std::unexpected(watch.error());
  }
  const auto sink = open_output(options, signals->fd());
  if (!sink) {
    return std::unexpected(sink.error());
  }
  const auto report = (*watch)->run();
  if (!report) {
    return std::unexpected(report.error());
  }
  const output::Context context = make_context(options);
  const auto name = [&watch](std::uint32_t netns) { return (*watch)->name_of(netns); };
  if (auto written = sink::write_out(
          **sink, options.json ? output::pools_json(*report, context)
                               : output::pools_text(*report, options.header, name, context));
      !written) {
    return written;
  }
  say(output::pools_summary_text(*report));
  (*watch)->say_shortfalls(*report, options.verbose);
  return {};
}

}  // namespace tcptrace::cli
