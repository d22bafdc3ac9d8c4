// SPDX-License-Identifier: GPL-2.0
#include "monitor/alerts.h"

#include <algorithm>

namespace tcptrace::monitor {

using model::Alert;
using model::AlertKind;
using model::AlertLevel;
using model::AlertState;
using std::chrono::nanoseconds;

std::optional<double> threshold_of(AlertKind kind, const model::MonitorConfig& config) {
  switch (kind) {
    case AlertKind::kMaxConnections:
      return config.max_connections;
    case AlertKind::kTimeWait:
      return config.time_wait;
    case AlertKind::kConnectionRate:
      return config.connection_rate;
    case AlertKind::kErrorRate:
      return config.error_rate;
    case AlertKind::kPortUse:
      return config.port_use;
    case AlertKind::kListenerBacklog:
      return config.listener_backlog;
  }
  return std::nullopt;
}

AlertBook::Watched* AlertBook::find_or_watch(AlertKind kind, const Observed& observed,
                                             double threshold, nanoseconds now) {
  Subjects& subjects = watched_[kind];
  if (const auto found = subjects.find(observed.subject); found != subjects.end()) {
    return &found->second;
  }
  if (observed.value < threshold) {
    return nullptr;
  }
  if (subjects.size() >= kMaxSubjects) {
    ++untracked_[kind];
    return nullptr;
  }
  Watched& watched = subjects[observed.subject];
  watched.alert = {.boot_time = now,
                   .kind = kind,
                   .state = AlertState::kRaised,
                   .level = AlertLevel::kWarning,
                   .subject = observed.subject,
                   .value = observed.value,
                   .threshold = threshold,
                   .critical = model::critical_threshold(kind, threshold, config_),
                   .peak = observed.value,
                   .since = now};
  return &watched;
}

void AlertBook::update(Watched& watched, double value, nanoseconds now,
                       std::vector<Alert>& changes) const {
  Alert& alert = watched.alert;
  const auto say = [&](AlertState state) {
    alert.state = state;
    alert.boot_time = now;
    changes.push_back(alert);
  };
  watched.above = value >= alert.threshold ? watched.above + 1 : 0;
  watched.severe = value >= alert.critical ? watched.severe + 1 : 0;
  watched.below = value < alert.threshold * config_.clear_below / 100 ? watched.below + 1 : 0;
  if (watched.above == 1 && !watched.raised) {
    alert.since = now;
    alert.peak = value;
  }
  alert.value = value;
  alert.peak = std::max(alert.peak, value);
  const bool critical = watched.severe >= config_.raise_after;
  if (!watched.raised && watched.above >= config_.raise_after) {
    watched.raised = true;
    alert.level = critical ? AlertLevel::kCritical : AlertLevel::kWarning;
    say(AlertState::kRaised);
  } else if (watched.raised && critical && alert.level == AlertLevel::kWarning) {
    alert.level = AlertLevel::kCritical;
    say(AlertState::kEscalated);
  } else if (watched.raised && watched.below >= config_.clear_after) {
    watched.raised = false;
    say(AlertState::kCleared);
  }
}

std::vector<Alert> AlertBook::observe(AlertKind kind, std::span<const Observed> values,
                                      nanoseconds now, std::span<const std::uint32_t> unread) {
  std::vector<Alert> changes;
  untracked_[kind] = 0;
  const auto threshold = threshold_of(kind, config_);
  if (!threshold) {
    return changes;
  }
  for (const Observed& observed : values) {
    Watched* const watched = find_or_watch(kind, observed, *threshold, now);
    // Of several with one name the first counts, which is the fullest.
    if (watched != nullptr && !watched->seen) {
      watched->seen = true;
      watched->netns = observed.netns;
      update(*watched, observed.value, now, changes);
    }
  }
  Subjects& subjects = watched_[kind];
  for (auto& [subject, watched] : subjects) {
    if (!watched.seen && std::ranges::find(unread, watched.netns) == unread.end()) {
      update(watched, 0, now, changes);
    }
    watched.seen = false;
  }
  // What is neither raised nor on the way to it needs no watching.
  std::erase_if(subjects,
                [](const auto& entry) { return !entry.second.raised && entry.second.above == 0; });
  return changes;
}

std::uint64_t AlertBook::untracked() const {
  std::uint64_t subjects = 0;
  for (const auto& [kind, count] : untracked_) {
    subjects += count;
  }
  return subjects;
}

std::vector<Alert> AlertBook::raised() const {
  std::vector<Alert> alerts;
  for (const auto& [kind, subjects] : watched_) {
    for (const auto& [subject, watched] : subjects) {
      if (watched.raised) {
        alerts.push_back(watched.alert);
      }
    }
  }
  std::ranges::stable_sort(alerts, {}, &Alert::since);
  return alerts;
}

}  // namespace tcptrace::monitor
