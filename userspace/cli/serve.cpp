// SPDX-License-Identifier: GPL-2.0
#include "cli/serve.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <limits>
#include <memory>
#include <string>
#include <utility>

#include <fmt/core.h>

#include "base/clock.h"
#include "cli/run_context.h"
#include "host/signal_fd.h"
#include "host/tcp_limits.h"
#include "output/serve.h"
#include "sink/fd_sink.h"
#include "stress/server.h"

namespace tcptrace::cli {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

void say_exhausted(int error) {
  std::fputs(fmt::format("tcptrace: cannot accept: {}; pauses and tries again, see ulimit -n\n",
                         std::strerror(error))
                 .c_str(),
             stderr);
}

class ServeRun {
 public:
  explicit ServeRun(const ServeOptions& options) : options_(options) {}

  Result<void> run();

 private:
  // Until a signal comes or the time is over: which of them.
  std::string_view serve(const stress::Server& server, host::SignalFd& signals) const;

  const ServeOptions& options_;
  std::unique_ptr<sink::Sink> sink_;
  nanoseconds started_{};
};

std::string_view ServeRun::serve(const stress::Server& server, host::SignalFd& signals) const {
  const nanoseconds end = options_.duration ? started_ + *options_.duration : nanoseconds::max();
  nanoseconds before = started_;
  model::ServeCounts counts;
  for (;;) {
    if (signals.next()) {
      return "signal";
    }
    const nanoseconds now = boot_time();
    const nanoseconds next = options_.interval ? before + *options_.interval : nanoseconds::max();
    if (now >= end) {
      return "duration";
    }
    if (now >= next) {
      model::ServeCounts latest = server.counts();
      std::fputs(output::serve_rates_text(counts, latest, now - before, now - started_).c_str(),
                 stderr);
      counts = std::move(latest);
      before = now;
      continue;
    }
    const auto wait = std::chrono::ceil<milliseconds>(std::min(end, next) - now);
    pollfd ready{.fd = signals.fd(), .events = POLLIN, .revents = 0};
    ::poll(&ready, 1,
           static_cast<int>(std::min<std::int64_t>(wait.count(), std::numeric_limits<int>::max())));
  }
}

Result<void> ServeRun::run() {
  host::raise_open_files();
  auto signals = host::SignalFd::open();
  if (!signals) {
    return std::unexpected(signals.error());
  }
  auto sink = sink::open_stdout(signals->fd());
  if (!sink) {
    return std::unexpected(sink.error());
  }
  sink_ = std::move(*sink);
  auto server = stress::Server::start(options_.server, say_exhausted);
  if (!server) {
    return std::unexpected(server.error());
  }
  const output::Context context =
      make_context(STDOUT_FILENO, options_.json, ColorChoice::kAuto, false);
  started_ = boot_time();
  const model::ServeStart start{.boot_time = started_,
                                .addresses = server->addresses(),
                                .mode = options_.server.mode,
                                .threads = options_.server.threads};
  if (auto printed =
          sink::write_out(*sink_, options_.json ? output::serve_start_json(start, context)
                                                : output::serve_start_text(start));
      !printed) {
    return printed;
  }
  model::ServeReport report;
  report.ended_by = serve(*server, *signals);
  server->stop();
  report.boot_time = boot_time();
  report.duration = report.boot_time - started_;
  report.counts = server->counts();
  return sink::write_out(*sink_, options_.json ? output::serve_report_json(report, context)
                                               : output::serve_report_text(report));
}

}  // namespace

Result<void> run_serve(const ServeOptions& options) { return ServeRun(options).run(); }

}  // namespace tcptrace::cli
