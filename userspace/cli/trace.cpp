// SPDX-License-Identifier: GPL-2.0
#include "cli/trace.h"

#include <poll.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <utility>

#include "base/clock.h"
#include "cli/event_output.h"
#include "cli/history_poller.h"
#include "cli/pipeline.h"
#include "cli/recorder.h"
#include "cli/root.h"
#include "cli/run_context.h"
#include "host/boot_clock.h"
#include "host/cgroup_names.h"
#include "host/coverage.h"
#include "host/kernel_counters.h"
#include "host/pid_watch.h"
#include "host/privileges.h"
#include "host/procfs.h"
#include "host/signal_fd.h"
#include "kernel/bpf_session.h"

namespace tcptrace::cli {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

// The consumer looks at the buffer this often; a line is out within twice this time.
constexpr milliseconds kTracePoll{20};
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
  now.kernel = host::read_kernel_counters(kRoot);
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

bool polls_by_iterator(const HistoryOptions& history) {
  return history.depth != 0 && history.source != model::SocketSource::kNetlink;
}

// One run. The members are destroyed in reverse: the hooks go before the output they feed.
class TraceRun {
 public:
  TraceRun(const TraceOptions& options, const OpenRecords& open_records)
      : options_(options), open_records_(open_records) {}

  Result<void> run();

 private:
  Result<void> open();
  Result<void> begin();
  Result<void> loop();
  Result<void> end();
  Result<void> drain();
  void settle();
  void poll_history(nanoseconds now);
  void housekeeping(nanoseconds now);
  void note_losses(nanoseconds now);
  [[nodiscard]] model::LossCounts losses() const;
  [[nodiscard]] model::Summary summary(nanoseconds now, const CountersNow& after) const;
  void abandon_recording();
  [[nodiscard]] std::optional<std::string> why_end(nanoseconds now);
  [[nodiscard]] int poll_timeout_ms(nanoseconds now) const;

  const TraceOptions& options_;
  const OpenRecords& open_records_;
  std::optional<host::SignalFd> signals_;
  std::optional<host::PidWatch> processes_;
  std::unique_ptr<RecordOutput> output_;
  nanoseconds boot_to_wall_{};
  host::CgroupNames names_;
  std::unique_ptr<Recorder> recorder_;  // null: nothing is recorded
  std::optional<Pipeline> pipeline_;
  std::unique_ptr<kernel::BpfSession> session_;
  std::optional<HistoryPoller> history_;  // empty: none is kept
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
  if (!options_.filter.pids.empty() && !host::in_initial_pid_namespace(kRoot)) {
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
                                           .max_connections = options_.max_connections,
                                           .polls = polls_by_iterator(options_.history)});
  if (!session) {
    return std::unexpected(session.error());
  }
  session_ = std::move(*session);
  if (options_.history.source == model::SocketSource::kIter && session_->poll_setback()) {
    return std::unexpected(Error{.what = "--source iter: " + session_->poll_setback()->what,
                                 .hint = "--source netlink does without BPF",
                                 .errno_code = 0,
                                 .status = ExitStatus::kUnsupported});
  }
  if (options_.history.depth != 0) {
    history_.emplace(*session_, options_.filter, options_.history);
  }
  // Only now: a trace that cannot run leaves an existing file as it is.
  boot_to_wall_ = host::boot_to_wall();
  auto output = open_records_(host::read_machine().name, boot_to_wall_, signals_->fd());
  if (!output) {
    return std::unexpected(output.error());
  }
  output_ = std::move(*output);
  if (options_.recording) {
    auto recorder = Recorder::create(*options_.recording, names_);
    if (!recorder) {
      return std::unexpected(recorder.error());
    }
    recorder_ = std::move(*recorder);
  }
  pipeline_.emplace(output_.get(), session_->reset_reasons(), options_.count,
                    [this](std::uint64_t id, std::uint32_t pid, nanoseconds now) {
                      return recorder_ ? recorder_->lookup(id, pid, now)
                                       : names_.lookup(id, pid, now);
                    });
  return {};
}

Result<void> TraceRun::begin() {
  before_ = read_counters(*session_);
  started_ = boot_time();
  model::Hooks hooks = describe_hooks(*session_, started_);
  if (history_) {
    hooks.polling = history_->describe();
    pipeline_->set_polling(*hooks.polling);
  }
  if (recorder_) {
    auto begun = recorder_->begin({.hooks = hooks,
                                   .reset_reasons = session_->reset_reasons(),
                                   .boot_to_wall = boot_to_wall_,
                                   .cgroups = {}},
                                  options_.filter.cgroups);
    if (!begun) {
      return begun;
    }
  }
  return output_->begin(hooks);
}

std::optional<std::string> TraceRun::why_end(nanoseconds now) {
  if (pipeline_->failure() || output_->reader_gone()) {
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
  milliseconds timeout = kTracePoll;
  if (options_.duration) {
    const auto left = std::chrono::ceil<milliseconds>(started_ + *options_.duration - now);
    timeout = std::max(milliseconds(0), std::min(timeout, left));
  }
  return static_cast<int>(timeout.count());
}

// One batch. What waits for a reply to settle it waits on while there is more to read.
Result<void> TraceRun::drain() {
  const auto more = session_->consume([this](std::span<const std::byte> record) {
    pipeline_->take(record);
    if (recorder_) {
      recorder_->record(record);
    }
  });
  if (!more) {
    return std::unexpected(more.error());
  }
  behind_ = *more;
  if (!behind_) {
    settle();
  }
  return output_->flush();
}

void TraceRun::settle() {
  const nanoseconds now = boot_time();
  if (recorder_ && pipeline_->holds()) {
    recorder_->tick(now);
  }
  pipeline_->advance(now);
}

void TraceRun::poll_history(nanoseconds now) {
  const auto round = history_ ? history_->advance(now) : std::nullopt;
  if (!round) {
    return;
  }
  HistoryPoller::for_each_record(*round, [this](std::span<const std::byte> record) {
    if (pipeline_->take_sample(record) && recorder_) {
      recorder_->record(record);
    }
  });
  const auto ended = pipeline_->end_poll(round->took, round->complete);
  if (recorder_) {
    recorder_->polled({.boot_time = round->began, .took = round->took, .complete = round->complete},
                      ended);
  }
}

model::LossCounts TraceRun::losses() const {
  model::LossCounts losses = session_->losses();
  losses.output = recorder_ ? recorder_->lost_records() : 0;
  return losses;
}

void TraceRun::note_losses(nanoseconds now) {
  const model::LossCounts before = pipeline_->losses();
  const model::LossCounts counts = losses();
  pipeline_->note_losses(counts, now);
  if (recorder_ && pipeline_->losses() != before) {
    recorder_->losses(counts, now);
  }
}

void TraceRun::housekeeping(nanoseconds now) {
  if (now < next_housekeeping_) {
    return;
  }
  next_housekeeping_ = now + kHousekeeping;
  note_losses(now);
  boot_to_wall_ = host::boot_to_wall();
  output_->set_boot_to_wall(boot_to_wall_);
  if (recorder_) {
    recorder_->flush();
    recorder_->set_boot_to_wall(boot_to_wall_);
  }
}

Result<void> TraceRun::loop() {
  for (;;) {
    std::array<pollfd, 3> fds = {
        {{.fd = session_->fd(), .events = POLLIN, .revents = 0},
         {.fd = signals_->fd(), .events = POLLIN, .revents = 0},
         {.fd = processes_ ? processes_->fd() : -1, .events = POLLIN, .revents = 0}}};
    nanoseconds now = boot_time();
    if (::poll(fds.data(), fds.size(), poll_timeout_ms(now)) < 0 && errno != EINTR) {
      return std::unexpected(system_error("poll", errno));
    }
    if (auto drained = drain(); !drained) {
      return drained;
    }
    now = boot_time();
    poll_history(now);
    housekeeping(now);
    if (auto why = why_end(now)) {
      ended_by_ = std::move(*why);
      return {};
    }
  }
}

Result<void> TraceRun::end() {
  const CountersNow after = read_counters(*session_);
  const nanoseconds now = boot_time();
  session_->detach();
  do {
    if (auto drained = drain(); !drained) {
      return drained;
    }
  } while (behind_);
  pipeline_->finish();
  if (recorder_) {
    recorder_->flush();
  }
  const model::LossCounts counts = losses();
  pipeline_->note_losses(counts, now);
  model::Summary total = summary(now, after);
  if (recorder_) {
    recorder_->end(total, counts);
  }
  if (auto written = output_->write(std::move(total)); !written) {
    return written;
  }
  return output_->flush();
}

model::Summary TraceRun::summary(nanoseconds now, const CountersNow& after) const {
  model::Summary summary = pipeline_->summary();
  summary.boot_time = now;
  summary.duration = now - started_;
  summary.coverage = host::coverage(before_.kernel, after.kernel, traced_between(before_, after));
  summary.ended_by = ended_by_;
  return summary;
}

// The output failed: the recording is none the worse for it.
void TraceRun::abandon_recording() {
  if (recorder_ && recorder_->open()) {
    ended_by_ = "output closed";
    recorder_->end(summary(boot_time(), read_counters(*session_)), losses());
  }
}

Result<void> TraceRun::run() {
  if (auto opened = open(); !opened) {
    return opened;
  }
  Result<void> done = begin();
  if (done) {
    done = loop();
  }
  if (done && pipeline_->failure()) {
    done = std::unexpected(*pipeline_->failure());
  }
  if (done) {
    done = end();
  }
  if (!done) {
    abandon_recording();
  }
  done = forgive_closed(std::move(done));
  return done && recorder_ ? recorder_->result() : done;
}

}  // namespace

Result<void> trace_into(const TraceOptions& options, const OpenRecords& open_records) {
  return TraceRun(options, open_records).run();
}

Result<void> run_trace(const TraceOptions& options) {
  return trace_into(options, printed_records(options));
}

}  // namespace tcptrace::cli
