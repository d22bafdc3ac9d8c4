// SPDX-License-Identifier: GPL-2.0
#include "cli/trace.h"

#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <map>
#include <optional>
#include <utility>

#include <fmt/core.h>

#include "cli/pipeline.h"
#include "cli/version.h"
#include "cli/writer.h"
#include "host/boot_clock.h"
#include "host/cgroup_names.h"
#include "host/coverage.h"
#include "host/kernel_counters.h"
#include "host/pid_watch.h"
#include "host/privileges.h"
#include "host/procfs.h"
#include "host/signal_fd.h"
#include "kernel/bpf_session.h"
#include "output/text.h"
#include "sink/fd_sink.h"

namespace tcptrace::cli {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

// The consumer looks at the buffer this often; a line is out within twice this time.
constexpr milliseconds kPoll{20};
// Losses and the wall clock.
constexpr milliseconds kHousekeeping{1000};

using Traced = std::map<std::uint32_t, model::TracedCounters>;

// Both readings of a namespace are taken in the same order, so that what happens between them
// cancels out.
struct CountersNow {
  host::CountersByNetns kernel;
  std::map<std::uint32_t, kernel::NetnsTotals> traced;
};

CountersNow read_counters(const kernel::BpfSession& session) {
  CountersNow now;
  now.kernel = host::read_kernel_counters("/");
  now.traced = session.netns_totals();
  return now;
}

Traced traced_between(const CountersNow& before, const CountersNow& after) {
  Traced traced;
  for (const auto& [netns, end] : after.traced) {
    model::TracedCounters difference = end.traced;
    if (const auto start = before.traced.find(netns); start != before.traced.end()) {
      const model::TracedCounters& earlier = start->second.traced;
      difference.resets_sent -= earlier.resets_sent;
      difference.established_resets -= earlier.established_resets;
      difference.retransmitted_segments -= earlier.retransmitted_segments;
      difference.attempt_fails -= earlier.attempt_fails;
    }
    traced.emplace(netns, difference);
  }
  return traced;
}

output::Context make_context(const TraceOptions& options, const host::Machine& machine) {
  const bool terminal = !options.output && ::isatty(STDOUT_FILENO) == 1;
  output::Context context;
  context.host = machine.name;
  context.boot_to_wall = host::boot_to_wall();
  context.color = !options.json && use_color(options.color, terminal, std::getenv("NO_COLOR"));
  context.verbose = options.verbose;
  context.utc_offset = host::local_utc_offset;
  return context;
}

// One run. The members are destroyed in reverse: the hooks go before the output they feed.
class TraceRun {
 public:
  explicit TraceRun(const TraceOptions& options) : options_(options) {}

  Result<void> run();

 private:
  Result<void> open();
  Result<void> begin();
  Result<void> loop();
  Result<void> end();
  Result<void> drain();
  void housekeeping(nanoseconds now);
  [[nodiscard]] std::optional<std::string> why_end(nanoseconds now);
  [[nodiscard]] int poll_timeout_ms(nanoseconds now) const;

  const TraceOptions& options_;
  std::optional<host::SignalFd> signals_;
  std::optional<host::PidWatch> processes_;
  std::optional<Writer> writer_;
  host::CgroupNames names_;
  std::optional<Pipeline> pipeline_;
  std::unique_ptr<kernel::BpfSession> session_;
  CountersNow before_;
  nanoseconds started_{};
  nanoseconds next_housekeeping_{};
  std::string ended_by_;
  bool behind_ = false;  // records are unread
};

Result<void> TraceRun::open() {
  auto signals = host::SignalFd::open();
  if (!signals) {
    return std::unexpected(signals.error());
  }
  signals_.emplace(std::move(*signals));
  if (!options_.filter.pids.empty() && !host::in_initial_pid_namespace("/")) {
    return std::unexpected(
        Error{.what = "--pid: this is a pid namespace of its own, and traced pids are the host's",
              .hint = "run in the host's (docker run --pid=host, hostPID: true), or use --cgroup",
              .errno_code = 0,
              .status = ExitStatus::kUnsupported});
  }
  if (!options_.filter.pids.empty() && !options_.duration) {
    auto processes = host::PidWatch::open(options_.filter.pids);
    if (!processes) {
      return std::unexpected(processes.error());
    }
    processes_.emplace(std::move(*processes));
  }
  auto session = kernel::BpfSession::open({.filter = options_.filter,
                                           .family = options_.attach,
                                           .ring_size_bytes = options_.ring_size_bytes,
                                           .max_connections = options_.max_connections});
  if (!session) {
    return std::unexpected(session.error());
  }
  session_ = std::move(*session);
  // Only now: a trace that cannot run leaves an existing file as it is.
  auto sink = options_.output ? sink::open_file(*options_.output, signals_->fd())
                              : sink::open_stdout(signals_->fd());
  if (!sink) {
    return std::unexpected(sink.error());
  }
  writer_.emplace(std::move(*sink), make_context(options_, host::read_machine()), options_.json);
  pipeline_.emplace(*writer_, session_->reset_reasons(), options_.count,
                    [this](std::uint64_t id, std::uint32_t pid, nanoseconds now) {
                      return names_.lookup(id, pid, now);
                    });
  return {};
}

Result<void> TraceRun::begin() {
  before_ = read_counters(*session_);
  started_ = host::boot_time();
  const host::Machine machine = host::read_machine();
  const model::Hooks hooks{.boot_time = started_,
                           .version = std::string(version()),
                           .kernel = machine.kernel,
                           .architecture = machine.architecture,
                           .host = machine.name,
                           .hooks = session_->hooks()};
  if (!options_.json) {
    output::Context context = writer_->context();
    context.color =
        use_color(options_.color, ::isatty(STDERR_FILENO) == 1, std::getenv("NO_COLOR"));
    std::fputs(output::hooks_text(hooks, options_.filter.events, context).c_str(), stderr);
    if (!options_.header) {
      return {};
    }
    if (auto written = writer_->write_header(); !written) {
      return written;
    }
  } else if (auto written = writer_->write(hooks); !written) {
    return written;
  }
  return writer_->flush();
}

std::optional<std::string> TraceRun::why_end(nanoseconds now) {
  if (pipeline_->failure() || writer_->reader_gone()) {
    return "output closed";
  }
  if (pipeline_->count_reached()) {
    return "count";
  }
  if (signals_->next()) {
    return "signal";
  }
  if (options_.duration && now - started_ >= *options_.duration) {
    return "duration";
  }
  if (processes_ && processes_->all_exited()) {
    return "processes exited";
  }
  return std::nullopt;
}

int TraceRun::poll_timeout_ms(nanoseconds now) const {
  if (behind_) {
    return 0;
  }
  milliseconds timeout = kPoll;
  if (options_.duration) {
    const auto left = std::chrono::ceil<milliseconds>(started_ + *options_.duration - now);
    timeout = std::max(milliseconds(0), std::min(timeout, left));
  }
  return static_cast<int>(timeout.count());
}

// One batch. What waits for a reply to settle it waits on while there is more to read.
Result<void> TraceRun::drain() {
  const auto more =
      session_->consume([this](std::span<const std::byte> record) { pipeline_->take(record); });
  if (!more) {
    return std::unexpected(more.error());
  }
  behind_ = *more;
  if (!behind_) {
    pipeline_->advance(host::boot_time());
  }
  return writer_->flush();
}

void TraceRun::housekeeping(nanoseconds now) {
  if (now < next_housekeeping_) {
    return;
  }
  next_housekeeping_ = now + kHousekeeping;
  pipeline_->note_losses(session_->losses(), now);
  writer_->set_boot_to_wall(host::boot_to_wall());
}

Result<void> TraceRun::loop() {
  for (;;) {
    std::array<pollfd, 3> fds = {
        {{.fd = session_->fd(), .events = POLLIN, .revents = 0},
         {.fd = signals_->fd(), .events = POLLIN, .revents = 0},
         {.fd = processes_ ? processes_->fd() : -1, .events = POLLIN, .revents = 0}}};
    nanoseconds now = host::boot_time();
    if (::poll(fds.data(), fds.size(), poll_timeout_ms(now)) < 0 && errno != EINTR) {
      return std::unexpected(system_error("poll", errno));
    }
    if (auto drained = drain(); !drained) {
      return drained;
    }
    now = host::boot_time();
    housekeeping(now);
    if (auto why = why_end(now)) {
      ended_by_ = std::move(*why);
      return {};
    }
  }
}

Result<void> TraceRun::end() {
  const CountersNow after = read_counters(*session_);
  const nanoseconds now = host::boot_time();
  session_->detach();
  do {
    if (auto drained = drain(); !drained) {
      return drained;
    }
  } while (behind_);
  pipeline_->finish();
  pipeline_->note_losses(session_->losses(), now);
  model::Summary summary = pipeline_->summary();
  summary.boot_time = now;
  summary.duration = now - started_;
  summary.coverage = host::coverage(before_.kernel, after.kernel, traced_between(before_, after));
  summary.ended_by = ended_by_;
  if (auto written = writer_->write(std::move(summary)); !written) {
    return written;
  }
  return writer_->flush();
}

// A reader that goes away ends the trace; it is no failure of ours.
Result<void> forgive_closed(Result<void> result) {
  if (!result &&
      (sink::output_closed(result.error()) || sink::output_interrupted(result.error()))) {
    return {};
  }
  return result;
}

Result<void> TraceRun::run() {
  if (auto opened = open(); !opened) {
    return opened;
  }
  if (auto begun = begin(); !begun) {
    return forgive_closed(begun);
  }
  if (auto looped = loop(); !looped) {
    return forgive_closed(looped);
  }
  if (pipeline_->failure()) {
    return forgive_closed(std::unexpected(*pipeline_->failure()));
  }
  return forgive_closed(end());
}

}  // namespace

Result<void> run_trace(const TraceOptions& options) { return TraceRun(options).run(); }

}  // namespace tcptrace::cli
