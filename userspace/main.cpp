// SPDX-License-Identifier: GPL-2.0
// Parses, runs a subcommand, turns its result into an exit status.
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <exception>
#include <span>
#include <variant>

#include "cli/analyze.h"
#include "cli/check.h"
#include "cli/drill.h"
#include "cli/generate.h"
#include "cli/monitor.h"
#include "cli/options.h"
#include "cli/parse_host.h"
#include "cli/pools.h"
#include "cli/probe.h"
#include "cli/replay.h"
#include "cli/report.h"
#include "cli/serve.h"
#include "cli/snapshot.h"
#include "cli/stress.h"
#include "cli/trace.h"
#include "cli/tune.h"
#include "sink/fd_sink.h"

namespace {

using namespace tcptrace;

Result<ExitStatus> print(const cli::PrintText& command) {
  auto out = sink::open_stdout(-1);
  if (!out) {
    return std::unexpected(out.error());
  }
  if (auto written = sink::write_out(**out, command.text); !written) {
    return std::unexpected(written.error());
  }
  return command.status;
}

Result<ExitStatus> finished(const Result<void>& done) {
  return done ? Result<ExitStatus>(ExitStatus::kDone) : std::unexpected(done.error());
}

struct Run {
  Result<ExitStatus> operator()(const cli::TraceOptions& options) const {
    return finished(cli::run_trace(options));
  }
  Result<ExitStatus> operator()(const cli::ReplayOptions& options) const {
    return finished(cli::run_replay(options));
  }
  Result<ExitStatus> operator()(const cli::SnapshotOptions& options) const {
    return finished(cli::run_snapshot(options));
  }
  Result<ExitStatus> operator()(const cli::CheckOptions& options) const {
    return cli::run_check(options);
  }
  Result<ExitStatus> operator()(const cli::DrillOptions& options) const {
    return cli::run_drills(options);
  }
  Result<ExitStatus> operator()(const cli::StressOptions& options) const {
    return finished(cli::run_stress(options));
  }
  Result<ExitStatus> operator()(const cli::ServeOptions& options) const {
    return finished(cli::run_serve(options));
  }
  Result<ExitStatus> operator()(const cli::ProbeOptions& options) const {
    return cli::run_probe(options);
  }
  Result<ExitStatus> operator()(const cli::AnalyzeOptions& options) const {
    return finished(cli::run_analyze(options));
  }
  Result<ExitStatus> operator()(const cli::PoolsOptions& options) const {
    return finished(cli::run_pools(options));
  }
  Result<ExitStatus> operator()(const cli::MonitorOptions& options) const {
    return finished(cli::run_monitor(options));
  }
  Result<ExitStatus> operator()(const cli::ReportOptions& options) const {
    return finished(cli::run_report(options));
  }
  Result<ExitStatus> operator()(const cli::TuneOptions& options) const {
    return cli::run_tune(options);
  }
  Result<ExitStatus> operator()(const cli::GenerateOptions& options) const {
    return finished(cli::run_generate(options));
  }
  Result<ExitStatus> operator()(const cli::PrintText& command) const { return print(command); }
};

Result<ExitStatus> run(std::span<const char* const> arguments) {
  const Result<cli::Command> command = cli::parse(arguments, cli::host_lookup());
  return command ? std::visit(Run{}, *command) : std::unexpected(command.error());
}

int exit_status(std::span<const char* const> arguments) {
  const Result<ExitStatus> status = run(arguments);
  if (status) {
    return static_cast<int>(*status);
  }
  if (sink::output_closed(status.error()) || sink::output_interrupted(status.error())) {
    return static_cast<int>(ExitStatus::kDone);
  }
  std::fputs(cli::diagnostic(status.error()).c_str(), stderr);
  return static_cast<int>(status.error().status);
}

// What is opened next must not become stdin, stdout or stderr. A write to a stdout that was closed
// fails with EBADF, as it would have.
void occupy_standard_descriptors() {
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd) {
    if (::fcntl(fd, F_GETFD) < 0 && errno == EBADF) {
      (void)::open("/dev/null", fd == STDERR_FILENO ? O_WRONLY : O_RDONLY);
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  occupy_standard_descriptors();
  // A closed pipe and a file that may not grow are errors of write(), not the end of the process.
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
  // Ignored, as some supervisors hand it down, it would have children reaped before they are waited
  // for.
  std::signal(SIGCHLD, SIG_DFL);
  try {
    return exit_status({argv + 1, static_cast<std::size_t>(argc > 0 ? argc - 1 : 0)});
  } catch (const std::exception& exception) {
    std::fprintf(stderr, "tcptrace: %s\n", exception.what());
    return static_cast<int>(ExitStatus::kFailed);
  }
}
