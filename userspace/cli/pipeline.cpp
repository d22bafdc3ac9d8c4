// SPDX-License-Identifier: GPL-2.0
#include "cli/pipeline.h"

#include <utility>

#include "diagnose/diagnose.h"

namespace tcptrace::cli {

Pipeline::Pipeline(Writer& writer, std::span<const std::string> reset_reasons,
                   std::optional<std::uint64_t> count, CgroupLookup cgroup_of, Condition wanted)
    : writer_(writer),
      decoder_(reset_reasons),
      to_settle_([this](model::Event&& event) { settle(std::move(event)); }),
      to_report_([this](model::Event&& event) { report(std::move(event)); }),
      cgroup_of_(std::move(cgroup_of)),
      wanted_(std::move(wanted)),
      count_(count) {}

void Pipeline::take(std::span<const std::byte> record) {
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
  reset_filter_.push(std::move(*event), to_settle_);
}

void Pipeline::advance(std::chrono::nanoseconds boot_time) {
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
  if (auto written = writer_.write(record); !written && !failure_) {
    failure_ = written.error();
  }
}

void Pipeline::note_losses(model::LossCounts kernel, std::chrono::nanoseconds boot_time) {
  kernel.undecodable = undecodable_;
  kernel.output += writer_.lost_lines();
  if (kernel == losses_ || failure_) {
    losses_ = kernel;
    return;
  }
  write(
      model::Lost{.boot_time = boot_time,
                  .counts = {.ringbuf_full = kernel.ringbuf_full - losses_.ringbuf_full,
                             .sockets_map_full = kernel.sockets_map_full - losses_.sockets_map_full,
                             .netns_map_full = kernel.netns_map_full - losses_.netns_map_full,
                             .recursion_misses = kernel.recursion_misses - losses_.recursion_misses,
                             .undecodable = kernel.undecodable - losses_.undecodable,
                             .output = kernel.output - losses_.output}});
  losses_ = kernel;
}

model::Summary Pipeline::summary() const {
  model::Summary summary = summary_;
  summary.resets_suppressed = reset_filter_.suppressed();
  summary.lost = losses_;
  summary.patterns = patterns_.patterns();
  return summary;
}

}  // namespace tcptrace::cli
