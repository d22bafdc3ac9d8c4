// SPDX-License-Identifier: GPL-2.0
#include "cli/stress.h"

#include <poll.h>
#include <string.h>  // NOLINT(modernize-deprecated-headers): sigabbrev_np() is no C++
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>

#include <fmt/core.h>

#include "cli/event_output.h"
#include "cli/load_trace.h"
#include "cli/root.h"
#include "cli/run_context.h"
#include "host/signal_fd.h"
#include "host/tcp_limits.h"
#include "output/load.h"
#include "sink/sink.h"
#include "stress/load.h"
#include "stress/load_guard.h"

namespace tcptrace::cli {
namespace {

// How it goes, on stderr: on a terminal one line that is drawn anew, else a line now and then.
class ProgressLine {
 public:
  explicit ProgressLine(bool quiet) : terminal_(::isatty(STDERR_FILENO) == 1), quiet_(quiet) {}

  // How long to wait for the end before it is drawn; -1: as long as it takes.
  [[nodiscard]] int interval_ms() const {
    constexpr int kRedrawMs = 500;
    constexpr int kLineMs = 5000;
    return quiet_ ? -1 : terminal_ ? kRedrawMs : kLineMs;
  }

  void draw(const model::LoadProgress& now) {
    std::string text = output::load_progress_text(now, before_);
    if (terminal_) {
      text.resize(std::min(text.size(), columns()));
    }
    std::fputs(terminal_ ? ("\r" + text + "\x1b[K").c_str() : ("tcptrace: " + text + "\n").c_str(),
               stderr);
    std::fflush(stderr);
    drawn_ = true;
    before_ = now;
  }

  // Leaves the terminal as it was.
  void clear() const {
    if (terminal_ && drawn_) {
      std::fputs("\r\x1b[K", stderr);
    }
  }

 private:
  // A line that is wrapped cannot be drawn anew.
  static std::size_t columns() {
    winsize size{};
    const bool known = ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1;
    return known ? size.ws_col - 1U : std::string::npos;
  }

  bool terminal_;
  bool quiet_;
  bool drawn_ = false;
  model::LoadProgress before_;
};

// The signal that came first; empty: the load ended by itself.
Result<std::string> wait_for_end(const stress::Load& load, host::SignalFd& signals,
                                 ProgressLine& progress) {
  for (;;) {
    pollfd ready[] = {{.fd = load.fd(), .events = POLLIN, .revents = 0},
                      {.fd = signals.fd(), .events = POLLIN, .revents = 0}};
    const int count = ::poll(ready, std::size(ready), progress.interval_ms());
    if (count < 0 && errno != EINTR) {
      return std::unexpected(system_error("cannot wait for the load", errno));
    }
    if (const auto signal = signals.next()) {
      return fmt::format("SIG{}", ::sigabbrev_np(*signal));
    }
    if (ready[0].revents != 0) {
      return std::string();
    }
    if (count == 0) {
      progress.draw(load.progress());
    }
  }
}

Result<stress::LoadPlan> make_plan(const StressOptions& options) {
  auto plan = stress::make_plan(options.load);
  if (!plan) {
    return plan;
  }
  if (auto permitted = stress::check_permission(*plan, options.yes); !permitted) {
    return std::unexpected(permitted.error());
  }
  return plan;
}

Result<void> check_limits(stress::LoadPlan& plan) {
  host::raise_open_files();
  auto warnings = stress::check_limits(plan, host::read_load_limits(kRoot));
  if (!warnings) {
    return std::unexpected(warnings.error());
  }
  for (const std::string& warning : *warnings) {
    std::fputs(("tcptrace: warning: " + warning + "\n").c_str(), stderr);
  }
  return {};
}

// Null: none is wanted.
Result<std::unique_ptr<LoadTrace>> start_trace(const StressOptions& options) {
  if (!options.trace) {
    return nullptr;
  }
  return LoadTrace::start(options.load.target.port);
}

// What a trace beside the load says of it; the results are worth something without.
void diagnose(LoadTrace& trace, model::LoadReport& report) {
  auto diagnosis = trace.finish(report);
  if (diagnosis) {
    report.diagnosis = std::move(*diagnosis);
  } else {
    std::fputs(diagnostic(diagnosis.error()).c_str(), stderr);
  }
}

Result<model::LoadReport> run_load(stress::LoadPlan plan, host::SignalFd& signals, LoadTrace* trace,
                                   bool quiet) {
  auto load = stress::Load::start(std::move(plan));
  if (!load) {
    return std::unexpected(load.error());
  }
  ProgressLine progress(quiet);
  const auto ended = wait_for_end(**load, signals, progress);
  progress.clear();
  if (!ended) {
    return std::unexpected(ended.error());
  }
  model::LoadReport report = (*load)->finish(*ended);
  if (trace != nullptr) {
    diagnose(*trace, report);
  }
  return report;
}

}  // namespace

Result<void> run_stress(const StressOptions& options) {
  // It may wait for a name server, which Ctrl-C ends only while signals are not blocked.
  auto plan = make_plan(options);
  if (!plan) {
    return std::unexpected(plan.error());
  }
  // Before any thread is there, so that all of them have the signals blocked.
  auto signals = host::SignalFd::open();
  if (!signals) {
    return std::unexpected(signals.error());
  }
  const auto trace = start_trace(options);
  if (!trace) {
    return std::unexpected(trace.error());
  }
  if (auto checked = check_limits(*plan); !checked) {
    return checked;
  }
  // Only now: a load that is not possible leaves an existing file as it is.
  auto sink = open_output(options, signals->fd());
  if (!sink) {
    return std::unexpected(sink.error());
  }
  const auto report = run_load(*std::move(plan), *signals, trace->get(), options.quiet);
  if (!report) {
    return std::unexpected(report.error());
  }
  const output::Context context = make_context(options);
  return sink::write_out(**sink, options.json ? output::load_json(*report, context)
                                              : output::load_text(*report, context));
}

}  // namespace tcptrace::cli
