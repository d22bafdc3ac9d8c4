// SPDX-License-Identifier: GPL-2.0
#include "monitor/trace_tally.h"

#include <algorithm>
#include <functional>
#include <optional>
#include <utility>

namespace tcptrace::monitor {
namespace {

using model::Event;
using model::EventKind;
using model::Tally;
using std::chrono::nanoseconds;

// The column of Counts::causes.
std::optional<std::size_t> way_of(const Event& event) {
  switch (event.kind) {
    case EventKind::kResetSent:
      return 0;
    case EventKind::kResetReceived:
      return 1;
    case EventKind::kConnect:
    case EventKind::kClose:
      return event.err != 0 && !event.reset_sent && !event.reset_received
                 ? std::optional<std::size_t>(2)
                 : std::nullopt;
    case EventKind::kState:
    case EventKind::kAccept:
    case EventKind::kRetransmit:
      return std::nullopt;
  }
  return std::nullopt;
}

std::int64_t second_number(nanoseconds boot_time) {
  return std::chrono::duration_cast<std::chrono::seconds>(boot_time).count();
}

std::uint64_t tally_weight(const model::CauseTally& tally) {
  return tally.sent.recent + tally.received.recent + tally.failed.recent;
}

std::uint64_t total(const model::CauseTally& tally) {
  return tally.sent.total + tally.received.total + tally.failed.total;
}

}  // namespace

TraceTally::Second& TraceTally::second_of(nanoseconds boot_time) {
  const std::int64_t number = second_number(boot_time);
  // Events come in the order of the buffer, which is almost that of time.
  if (seconds_.empty() || seconds_.back().number < number) {
    seconds_.push_back({.number = number});
  }
  while (seconds_.front().number <= number - kRecent.count()) {
    seconds_.pop_front();
  }
  return seconds_.back();
}

void TraceTally::note(const Event& event) {
  if (event.kind == EventKind::kRetransmit && event.err == 0) {
    const auto type = static_cast<std::size_t>(event.retransmit_type);
    total_.segments.at(type) += event.segs;
    second_of(event.boot_time).counts.segments.at(type) += event.segs;
  }
  const auto way = way_of(event);
  if (!way) {
    return;
  }
  const auto cause =
      static_cast<std::size_t>(event.verdict ? event.verdict->cause : model::Cause::kUnknown);
  ++total_.causes.at(cause).at(*way);
  ++second_of(event.boot_time).counts.causes.at(cause).at(*way);
  latest_.push_front(event);
  latest_.front().history.clear();
  if (latest_.size() > kLatest) {
    latest_.pop_back();
  }
}

model::MonitorTrace TraceTally::trace(nanoseconds now) const {
  Counts<std::uint64_t> recent;
  const std::int64_t oldest = second_number(now) - kRecent.count();
  for (const Second& second : seconds_) {
    if (second.number <= oldest) {
      continue;
    }
    for (std::size_t cause = 0; cause < model::kCauses; ++cause) {
      for (std::size_t way = 0; way < kWays; ++way) {
        recent.causes.at(cause).at(way) += second.counts.causes.at(cause).at(way);
      }
    }
    for (std::size_t type = 0; type < kRetransmitTypes; ++type) {
      recent.segments.at(type) += second.counts.segments.at(type);
    }
  }
  model::MonitorTrace trace;
  for (std::size_t cause = 0; cause < model::kCauses; ++cause) {
    const auto tally = [&](std::size_t way) {
      return Tally{.total = total_.causes.at(cause).at(way),
                   .recent = recent.causes.at(cause).at(way)};
    };
    trace.causes.push_back({.cause = static_cast<model::Cause>(cause),
                            .sent = tally(0),
                            .received = tally(1),
                            .failed = tally(2)});
  }
  std::erase_if(trace.causes, [](const model::CauseTally& row) { return total(row) == 0; });
  std::ranges::stable_sort(trace.causes, std::ranges::greater{}, [](const model::CauseTally& row) {
    return std::pair(tally_weight(row), total(row));
  });
  for (std::size_t type = 0; type < kRetransmitTypes; ++type) {
    if (total_.segments.at(type) != 0) {
      trace.retransmits.push_back(
          {.type = static_cast<model::RetransmitType>(type),
           .segments = {.total = total_.segments.at(type), .recent = recent.segments.at(type)}});
    }
  }
  trace.latest.assign(latest_.begin(), latest_.end());
  trace.lost = lost_;
  return trace;
}

}  // namespace tcptrace::monitor
