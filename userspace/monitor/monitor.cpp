// SPDX-License-Identifier: GPL-2.0
#include "monitor/monitor.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>

#include "monitor/rates.h"
#include "monitor/trend.h"

namespace tcptrace::monitor {
namespace {

using model::Alert;
using model::AlertKind;
using model::Metric;
using model::MonitorCounter;
using std::chrono::nanoseconds;

constexpr std::size_t kShownPortUse = 64;
// With tcp_syn_retries 6, the kernel's default.
constexpr std::chrono::seconds kLongestConnect{127};

nanoseconds seconds_of(double seconds) {
  return std::chrono::duration_cast<nanoseconds>(std::chrono::duration<double>(seconds));
}

std::uint64_t failures_of(const model::MonitorRates& rates) {
  return count_of(rates.counts, MonitorCounter::kAttemptFails) +
         count_of(rates.counts, MonitorCounter::kEstabResets);
}

std::uint64_t openings_of(const model::MonitorRates& rates) {
  return count_of(rates.counts, MonitorCounter::kActiveOpens) +
         count_of(rates.counts, MonitorCounter::kPassiveOpens);
}

template <typename T>
std::uint64_t sum_of(const model::MonitorSample& sample, T model::MonitorSample::Namespace::*what) {
  std::uint64_t sum = 0;
  for (const auto& [inode, netns] : sample.namespaces) {
    sum += netns.*what;
  }
  return sum;
}

}  // namespace

Series::Series(nanoseconds interval, nanoseconds window) : interval_(interval) {
  const std::int64_t intervals = std::max<std::int64_t>(window / interval, 1);
  const auto most = static_cast<std::int64_t>(kMaxPoints);
  stride_ = (intervals + most - 1) / most;
  room_ = static_cast<std::size_t>(std::max<std::int64_t>(intervals / stride_, 1));
}

void Series::add(double value) {
  sum_ += value;
  if (++summed_ < stride_) {
    return;
  }
  points_.push_back(sum_ / static_cast<double>(summed_));
  sum_ = 0;
  summed_ = 0;
  if (points_.size() > room_) {
    points_.pop_front();
  }
}

Monitor::Monitor(const model::MonitorConfig& config, nanoseconds interval)
    : config_(config),
      interval_(interval),
      alerts_(config),
      series_(model::kMetrics, Series(interval, seconds_of(config.trend_window_s))) {}

void Monitor::set_interval(nanoseconds interval) {
  interval_ = interval;
  series_.assign(model::kMetrics, Series(interval, seconds_of(config_.trend_window_s)));
}

void Monitor::note_attempts(const model::MonitorRates& rates) {
  const nanoseconds now = sample_->boot_time;
  attempts_.push_back(
      {.boot_time = now, .begun = openings_of(rates), .failed = failures_of(rates)});
  while (attempts_.front().boot_time <= now - seconds_of(config_.error_window_s) &&
         attempts_.size() > 1) {
    attempts_.pop_front();
  }
  // AttemptFails alone may be clients that gave up: RFC 4022, tcpAttemptFails. Those that did so by
  // a reset are EmbryonicRsts too: tcp_check_req(). A connect fails when all its SYNs have gone
  // unanswered, long after it was begun.
  if (count_of(rates.counts, MonitorCounter::kActiveOpens) != 0) {
    last_opening_ = now;
  }
  if (count_of(rates.counts, MonitorCounter::kAttemptFails) >
          count_of(rates.counts, MonitorCounter::kEmbryonicResets) &&
      last_opening_ && now - *last_opening_ <= kLongestConnect) {
    retries_.note_host(now);
  }
}

// Connections can fail that were begun before the window, or that never got so far as to be counted
// as begun: then more may fail than begin, and all of them did.
std::optional<double> Monitor::error_rate() const {
  std::uint64_t begun = 0;
  std::uint64_t failed = 0;
  for (const Attempts& one : attempts_) {
    begun += one.begun;
    failed += one.failed;
  }
  const auto all = static_cast<double>(std::max(begun, failed));
  if (all < config_.error_min_connections) {
    return std::nullopt;
  }
  return 100 * static_cast<double>(failed) / all;
}

// Where nothing failed it is known however few they are.
std::optional<double> Monitor::known_error_rate() const {
  return std::ranges::all_of(attempts_, [](const Attempts& one) { return one.failed == 0; })
             ? 0.0
             : error_rate();
}

void Monitor::note_series() {
  const auto add = [this](Metric metric, double value) {
    series_.at(static_cast<std::size_t>(metric)).add(value);
  };
  add(Metric::kConnections,
      static_cast<double>(sum_of(*sample_, &model::MonitorSample::Namespace::established)));
  add(Metric::kTimeWait,
      static_cast<double>(sum_of(*sample_, &model::MonitorSample::Namespace::time_wait)));
  if (rates_) {
    add(Metric::kConnectionRate, model::connection_rate(*rates_));
    last_error_rate_ = known_error_rate().value_or(last_error_rate_);
    add(Metric::kErrorRate, last_error_rate_);
    add(Metric::kRetransmitRate, model::retransmit_rate(*rates_));
    add(Metric::kResetRate, model::rate_of(*rates_, MonitorCounter::kOutRsts));
  }
}

std::vector<Alert> Monitor::take(const model::MonitorSample& sample) {
  rates_ = sample_ ? rates_between(*sample_, sample) : std::nullopt;
  sample_ = sample;
  if (rates_) {
    note_attempts(*rates_);
  }
  note_series();
  std::vector<Alert> changes;
  const auto observe = [&](AlertKind kind, double value) {
    const std::array<Observed, 1> values{{{.subject = "host", .value = value}}};
    std::ranges::move(alerts_.observe(kind, values, sample.boot_time), std::back_inserter(changes));
  };
  observe(AlertKind::kMaxConnections,
          static_cast<double>(sum_of(sample, &model::MonitorSample::Namespace::established)));
  observe(AlertKind::kTimeWait,
          static_cast<double>(sum_of(sample, &model::MonitorSample::Namespace::time_wait)));
  if (rates_) {
    observe(AlertKind::kConnectionRate, model::connection_rate(*rates_));
    // Too few attempts prove neither that it goes on nor that it is over.
    if (const auto rate = known_error_rate()) {
      observe(AlertKind::kErrorRate, *rate);
    }
  }
  return changes;
}

std::vector<Alert> Monitor::take(model::MonitorWalk walk) {
  walk_ = std::move(walk);
  std::vector<Alert> changes =
      alerts_.observe(AlertKind::kPortUse, observed_ports(walk_->census, walk_->own_netns),
                      walk_->boot_time, walk_->unread_namespaces);
  std::ranges::move(alerts_.observe(AlertKind::kListenerBacklog,
                                    observed_listeners(walk_->census, walk_->own_netns),
                                    walk_->boot_time, walk_->unread_namespaces),
                    std::back_inserter(changes));
  auto& port_use = walk_->census.port_use;
  port_use.resize(std::min(port_use.size(), kShownPortUse));
  return changes;
}

void Monitor::note(const model::Event& event) {
  tally_.note(event);
  retries_.note(event);
}

model::MonitorReading Monitor::reading(bool traced) const {
  model::MonitorReading reading;
  reading.interval = interval_;
  if (sample_) {
    reading.boot_time = sample_->boot_time;
    reading.connections = sum_of(*sample_, &model::MonitorSample::Namespace::established);
    reading.time_wait = sum_of(*sample_, &model::MonitorSample::Namespace::time_wait);
    reading.orphans = sample_->orphans;
    reading.memory_bytes = sample_->memory_bytes;
    reading.namespaces = sample_->namespaces.size();
  }
  reading.rates = rates_;
  reading.error_rate = error_rate();
  reading.walk = walk_;
  if (traced) {
    reading.trace = tally_.trace(reading.boot_time);
  }
  reading.alerts = alerts_.raised();
  for (std::size_t i = 0; i < model::kMetrics; ++i) {
    reading.series.at(i) = series_[i].values();
    reading.trends.at(i) =
        find_trend(reading.series.at(i), series_[i].spacing(), config_.trend_change,
                   least_change(static_cast<model::Metric>(i)));
  }
  reading.retries = retries_.patterns(reading.boot_time, interval_);
  reading.losses.alerts_untracked = alerts_.untracked();
  return reading;
}

}  // namespace tcptrace::monitor
