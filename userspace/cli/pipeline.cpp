// SPDX-License-Identifier: GPL-2.0
#include "cli/pipeline.h"

#include <algorithm>
#include <utility>

#include "diagnose/diagnose.h"

namespace tcptrace::cli {
namespace {

using std::chrono::nanoseconds;

bool ends_connection(model::EventKind kind) {
  return kind == model::EventKind::kResetSent || kind == model::EventKind::kResetReceived ||
         kind == model::EventKind::kClose;
}

}  // namespace

Pipeline::Pipeline(RecordOutput* output, std::span<const std::string> reset_reasons,
                   std::optional<std::uint64_t> count, CgroupLookup cgroup_of, Condition wanted)
    : output_(output),
      decoder_(reset_reasons),
      to_settle_([this](model::Event&& event) { settle(std::move(event)); }),
      to_report_([this](model::Event&& event) { report(std::move(event)); }),
      cgroup_of_(std::move(cgroup_of)),
      wanted_(std::move(wanted)),
      count_(count) {}

void Pipeline::set_polling(const model::Polling& polling) {
  connections_ = trace::ConnectionTable(polling.depth, polling.limit_bytes);
  summary_.polls.emplace();
}

bool Pipeline::take_sample(std::span<const std::byte> record) {
  const auto polled = trace::decode_sample(record);
  if (!polled) {
    ++undecodable_;
  } else if (polled->quiet) {
    connections_.touch(polled->id);
  } else {
    connections_.apply(polled->id, polled->tuple, polled->sample);
  }
  return !polled || !polled->quiet;
}

void Pipeline::count_poll(nanoseconds took, bool complete) {
  if (summary_.polls) {
    ++summary_.polls->count;
    summary_.polls->total += took;
    summary_.polls->longest = std::max(summary_.polls->longest, took);
    summary_.polls->incomplete += complete ? 0 : 1;
  }
}

// One that is incomplete has not seen some that are there.
std::vector<model::ConnectionId> Pipeline::end_poll(nanoseconds took, bool complete) {
  count_poll(took, complete);
  return complete ? connections_.end_poll() : std::vector<model::ConnectionId>();
}

void Pipeline::forget(std::span<const model::ConnectionId> connections) {
  for (const model::ConnectionId& id : connections) {
    connections_.forget(id);
  }
}

void Pipeline::take(std::span<const std::byte> record) {
  if (trace::is_sample(record)) {
    take_sample(record);
    return;
  }
  std::optional<model::Event> event = decoder_.decode(record);
  if (!event) {
    ++undecodable_;
    return;
  }
  // Whoever is asked for or not: what is held waits by the time of what comes.
  advance(event->boot_time);
  // Before anything is held: its process may be gone afterwards.
  for (std::optional<model::Process>* process : {&event->owner, &event->by}) {
    if (process->has_value()) {
      (*process)->cgroup = cgroup_of_((*process)->cgroup_id, (*process)->pid, event->boot_time);
    }
  }
  if (wanted_ && !wanted_(*event)) {
    return;
  }
  if (ends_connection(event->kind)) {
    event->history = connections_.history(
        {.cookie = event->connection.cookie, .netns = event->connection.netns});
  }
  if (event->kind == model::EventKind::kResetSent && answers_stranger(*event)) {
    event->translated = connections_.translated(event->connection);
  }
  reset_filter_.push(std::move(*event), to_settle_);
}

void Pipeline::advance(nanoseconds boot_time) {
  reset_filter_.advance(boot_time, to_settle_);
  pairs_.advance(boot_time, to_report_);
}

void Pipeline::finish() {
  reset_filter_.flush(to_settle_);
  pairs_.flush(to_report_);
}

// What a reset that left was, is known before the other end is told of it.
void Pipeline::settle(model::Event&& event) {
  switch (event.kind) {
    case model::EventKind::kResetReceived:
      pairs_.push(std::move(event), to_report_);
      return;
    case model::EventKind::kResetSent: {
      event.earlier = pairs_.earlier(event);
      event.verdict = diagnose::diagnose({.event = event});
      pairs_.remember(event);
      const model::Connection sent = event.connection;
      report(std::move(event));
      pairs_.settle(sent, to_report_);
      return;
    }
    default:
      report(std::move(event));
  }
}

void Pipeline::report(model::Event&& event) {
  if (failure_ || count_reached()) {
    return;
  }
  if (!event.verdict) {
    event.verdict = diagnose::diagnose({.event = event});
  }
  patterns_.note(event);
  if (observer_) {
    observer_(event);
  }
  ++reported_;
  ++summary_.events[static_cast<std::size_t>(event.kind)];
  if (event.kind == model::EventKind::kRetransmit && event.err == 0) {
    summary_.retransmitted_segments += event.segs;
  }
  write(std::move(event));
}

void Pipeline::write(const model::Record& record) {
  if (output_ == nullptr || failure_) {
    return;
  }
  if (auto written = output_->write(record); !written) {
    failure_ = written.error();
  }
}

void Pipeline::note_losses(model::LossCounts kernel, nanoseconds boot_time) {
  kernel.undecodable = undecodable_;
  kernel.output += output_ == nullptr ? 0 : output_->lost_lines();
  if (kernel == losses_ || failure_) {
    losses_ = kernel;
    return;
  }
  write(model::Lost{.boot_time = boot_time, .counts = kernel - losses_});
  losses_ = kernel;
}

model::Summary Pipeline::summary() const {
  model::Summary summary = summary_;
  summary.resets_suppressed = reset_filter_.suppressed();
  summary.lost = losses_;
  summary.patterns = patterns_.patterns();
  if (summary.polls) {
    summary.polls->connections = connections_.connections();
    summary.polls->evicted = connections_.evictions();
  }
  return summary;
}

}  // namespace tcptrace::cli
