// SPDX-License-Identifier: GPL-2.0
#include "cli/probe.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <limits>
#include <string>

#include "base/clock.h"
#include "cli/run_context.h"
#include "host/signal_fd.h"
#include "output/probe.h"
#include "sink/fd_sink.h"
#include "stress/probe.h"
#include "stress/probe_totals.h"

namespace tcptrace::cli {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

class ProbeRun {
 public:
  ProbeRun(const ProbeOptions& options, host::SignalFd& signals, sink::Sink& sink)
      : options_(options), signals_(signals), sink_(sink), prober_(options.probe, signals.fd()) {}

  Result<ExitStatus> run();

 private:
  // False: interrupted.
  Result<bool> attempt();
  Result<bool> connect(const model::ProbeAttempt& begun, std::optional<std::size_t> address);
  // Until the next attempt is due.
  [[nodiscard]] bool pause(nanoseconds until);

  const ProbeOptions& options_;
  host::SignalFd& signals_;
  sink::Sink& sink_;
  stress::Prober prober_;
  stress::ProbeTotals totals_;
  const output::Context context_ =
      make_context(STDOUT_FILENO, options_.json, ColorChoice::kAuto, false);
  const model::ProbeHost host_ = stress::read_probe_host();
  const nanoseconds started_ = boot_time();
  std::uint64_t number_ = 0;  // of attempts that have ended
};

Result<bool> ProbeRun::attempt() {
  auto begun = prober_.resolve();
  if (!begun) {
    return std::unexpected(begun.error());
  }
  if (!*begun) {
    return false;
  }
  model::ProbeAttempt attempt = **begun;
  if (!options_.probe.all_addresses || prober_.addresses() == 0) {
    return connect(attempt, std::nullopt);
  }
  for (std::size_t i = 0; i < prober_.addresses(); ++i) {
    if (auto done = connect(attempt, i); !done || !*done) {
      return done;
    }
    attempt.resolve.reset();  // the others did not wait for it
  }
  return true;
}

Result<bool> ProbeRun::connect(const model::ProbeAttempt& begun,
                               std::optional<std::size_t> address) {
  model::ProbeAttempt attempt = begun;
  attempt.number = number_ + 1;
  attempt.boot_time = boot_time();
  if (!prober_.connect(attempt, address)) {
    return false;
  }
  ++number_;
  totals_.add(attempt);
  auto printed =
      sink::write_out(sink_, options_.json ? output::probe_json(attempt, host_, context_)
                                           : output::probe_text(attempt, host_, context_));
  return printed ? Result<bool>(true) : std::unexpected(printed.error());
}

bool ProbeRun::pause(nanoseconds until) {
  pollfd ready{.fd = signals_.fd(), .events = POLLIN, .revents = 0};
  for (;;) {
    const auto left = std::chrono::ceil<milliseconds>(until - boot_time()).count();
    const int wait =
        static_cast<int>(std::clamp<std::int64_t>(left, 0, std::numeric_limits<int>::max()));
    if (::poll(&ready, 1, wait) > 0) {
      return false;
    }
    if (boot_time() >= until) {
      return true;
    }
  }
}

Result<ExitStatus> ProbeRun::run() {
  std::string_view ended_by = "count";
  nanoseconds next = started_;
  for (std::uint64_t round = 0; options_.probe.count == 0 || round < options_.probe.count;
       ++round) {
    if (!pause(next)) {
      ended_by = "signal";
      break;
    }
    // An attempt that takes longer than the interval is not made up for.
    next = boot_time() + options_.probe.interval;
    auto done = attempt();
    if (!done) {
      return std::unexpected(done.error());
    }
    if (!*done) {
      ended_by = "signal";
      break;
    }
  }
  // Taken, so that it does not end the writing of the summary as well.
  (void)signals_.next();
  model::ProbeSummary summary = totals_.summary();
  summary.boot_time = boot_time();
  summary.duration = summary.boot_time - started_;
  summary.ended_by = ended_by;
  if (auto written =
          sink::write_out(sink_, options_.json ? output::probe_summary_json(summary, context_)
                                               : output::probe_summary_text(summary));
      !written) {
    return std::unexpected(written.error());
  }
  // A Ctrl-C before the first attempt has ended is no failure.
  return summary.succeeded() != 0 || number_ == 0 ? ExitStatus::kDone : ExitStatus::kFailed;
}

}  // namespace

Result<ExitStatus> run_probe(const ProbeOptions& options) {
  auto signals = host::SignalFd::open();
  if (!signals) {
    return std::unexpected(signals.error());
  }
  auto sink = sink::open_stdout(signals->fd());
  if (!sink) {
    return std::unexpected(sink.error());
  }
  return ProbeRun(options, *signals, **sink).run();
}

}  // namespace tcptrace::cli
