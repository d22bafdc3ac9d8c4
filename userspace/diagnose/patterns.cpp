// SPDX-License-Identifier: GPL-2.0
#include "diagnose/patterns.h"

#include <algorithm>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "base/cluster.h"

namespace tcptrace::diagnose {
namespace {

using model::Event;
using model::EventKind;
using model::Party;
using model::Role;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;

// Times without data that a person may take for the same: 5 per cent, and half a second for what
// timers and round trips add.
constexpr double kClusterWidth = 1.05;
constexpr milliseconds kClusterSlack{500};
constexpr milliseconds kShortestTimeout{1000};
constexpr std::size_t kClusterSize = 5;

constexpr std::size_t kStormSize = 10;
constexpr double kStormPerSecond = 1.0;
constexpr double kBackOff = 1.5;

constexpr milliseconds kShortLife{1000};
constexpr std::size_t kChurnSize = 50;
constexpr double kChurnPerSecond = 10.0;

bool failed_connect(const Event& event) {
  const bool refused = event.kind == EventKind::kResetReceived &&
                       event.connection.state == model::TcpState::kSynSent;
  return event.verdict && (refused || event.kind == EventKind::kConnect);
}

double per_second(std::span<const nanoseconds> times) {
  if (times.size() < 2 || times.back() <= times.front()) {
    return 0;
  }
  return static_cast<double>(times.size() - 1) /
         std::chrono::duration<double>(times.back() - times.front()).count();
}

// The waits grow: those of the later half are longer than those of the earlier one.
bool backs_off(std::span<const nanoseconds> times) {
  const std::size_t middle = times.size() / 2;
  const nanoseconds early = times[middle] - times.front();
  const nanoseconds late = times.back() - times[middle];
  const auto waits = [](nanoseconds span, std::size_t count) {
    return static_cast<double>(span.count()) / static_cast<double>(count);
  };
  return waits(late, times.size() - 1 - middle) > kBackOff * waits(early, middle);
}

// Those that may be taken for the same, if they are most of all.
std::span<const milliseconds> cluster_of(std::span<const milliseconds> sorted) {
  const auto best = densest(sorted, kClusterWidth, kClusterSlack);
  return best.size() >= kClusterSize && best.size() * 2 > sorted.size()
             ? best
             : std::span<const milliseconds>();
}

template <typename Row>
void heaviest_first(std::vector<Row>& rows) {
  std::ranges::stable_sort(rows, std::greater{}, &Row::count);
}

}  // namespace

void PatternFinder::note_cause(const Event& event, const Party& party) {
  const auto key = std::pair(event.verdict->cause, party);
  auto found = groups_.find(key);
  if (found == groups_.end()) {
    if (groups_.size() >= kMaxRows) {
      ++ungrouped_;
      return;
    }
    found = groups_.emplace(key, Group{}).first;
    found->second.group = {.cause = event.verdict->cause,
                           .party = party,
                           .first = event.boot_time,
                           .advice = event.verdict->advice};
  }
  model::CauseGroup& group = found->second.group;
  ++group.count;
  group.last = event.boot_time;
  group.confidence = std::max(group.confidence, event.verdict->confidence);
  if (const auto idle = model::idle_before_end(event); idle && *idle >= kShortestTimeout) {
    found->second.idle.add(*idle);
  }
}

void PatternFinder::note(const Event& event) {
  const bool short_life = event.kind == EventKind::kClose && event.connection.age &&
                          *event.connection.age < kShortLife &&
                          event.connection.role == Role::kClient;
  if (!event.verdict && !short_life) {
    return;
  }
  const Party party = model::party_of(event);
  // What an echo tells of is counted with the reset that came first.
  if (event.verdict && !is_echo(event)) {
    note_cause(event, party);
  }
  auto& rows = short_life ? short_connections_ : failed_connects_;
  if (!short_life && !failed_connect(event)) {
    return;
  }
  const OfProcess key(event.owner ? event.owner->pid : 0, party);
  if (rows.size() >= kMaxRows && !rows.contains(key)) {
    return;
  }
  Repeated& row = rows[key];
  ++row.count;
  row.times.add(event.boot_time);
  if (short_life) {
    row.ages.add(std::chrono::duration_cast<milliseconds>(*event.connection.age));
  }
}

model::Patterns PatternFinder::patterns() const {
  model::Patterns found;
  found.ungrouped = ungrouped_;
  for (const auto& [key, row] : groups_) {
    found.causes.push_back(row.group);
    std::vector<milliseconds> idle = row.idle.in_order();
    std::ranges::sort(idle);
    if (const auto cluster = cluster_of(idle); !cluster.empty()) {
      found.idle_clusters.push_back({.cause = row.group.cause,
                                     .party = row.group.party,
                                     .idle = median(cluster),
                                     .count = cluster.size(),
                                     .of = idle.size()});
    }
  }
  for (const auto& [key, row] : failed_connects_) {
    const std::vector<nanoseconds> times = row.times.in_order();
    if (row.count >= kStormSize && per_second(times) >= kStormPerSecond) {
      found.retry_storms.push_back({.party = key.second,
                                    .pid = key.first,
                                    .count = row.count,
                                    .per_second = per_second(times),
                                    .backs_off = backs_off(times)});
    }
  }
  for (const auto& [key, row] : short_connections_) {
    const std::vector<nanoseconds> times = row.times.in_order();
    if (row.count >= kChurnSize && per_second(times) >= kChurnPerSecond) {
      std::vector<milliseconds> ages = row.ages.in_order();
      std::ranges::sort(ages);
      found.churn.push_back({.party = key.second,
                             .pid = key.first,
                             .count = row.count,
                             .per_second = per_second(times),
                             .age = median<milliseconds>(ages)});
    }
  }
  heaviest_first(found.causes);
  heaviest_first(found.idle_clusters);
  heaviest_first(found.retry_storms);
  heaviest_first(found.churn);
  return found;
}

}  // namespace tcptrace::diagnose
