// SPDX-License-Identifier: GPL-2.0
// What the looks and events have come to, pool by pool, with the verdicts on each.
#include <algorithm>
#include <tuple>

#include "monitor/pool_fold.h"
#include "monitor/pool_verdicts.h"

namespace tcptrace::monitor {

using model::Pool;
using model::TcpState;

namespace {

void count_buckets(Pool& pool, const std::vector<std::chrono::nanoseconds>& idle) {
  for (const std::chrono::nanoseconds time : idle) {
    const auto* const bound = std::ranges::upper_bound(model::kIdleBounds, time);
    ++pool.idle_buckets[static_cast<std::size_t>(bound - model::kIdleBounds.begin())];
  }
}

// Nothing is there, and nothing came or went.
bool says_nothing(const Pool& pool) {
  return pool.now.open + pool.now.connecting + pool.now.close_wait + pool.churn.opened +
             pool.churn.closed + pool.churn.failed ==
         0;
}

auto pool_weight(const Pool& pool) {
  const auto confidence =
      pool.verdicts.empty() ? model::Confidence::kUnknown : pool.verdicts.front().confidence;
  return std::tuple(confidence, pool.now.open + pool.now.close_wait, pool.churn.opened);
}

}  // namespace

// Used when it was new, and silent for most of its life.
bool PoolFold::unreturned(const Followed& one) const {
  const auto age = one.seen - one.opened;
  return !one.from_start && one.state == TcpState::kEstablished && one.use() == PoolUse::kIdle &&
         age >= 2 * settings_.interval && (one.seen - one.last_data) * 4 >= age * 3;
}

void PoolFold::look_at_each(std::vector<Pool>& pools, std::vector<Ages>& ages) const {
  for (const auto& [id, one] : followed_) {
    if (one.ended || one.pool == kNoPool || one.look != look_ ||
        one.state != TcpState::kEstablished) {
      continue;
    }
    Pool& pool = pools[one.pool];
    pool.one_way += one.sent != one.received ? 1 : 0;
    pool.unreturned += unreturned(one) ? 1 : 0;
    Ages& of_pool = ages[one.pool];
    // It had carried nothing for so long when it was first seen.
    const auto age = one.seen - std::min(one.opened, one.last_data);
    of_pool.values.push_back(age);
    of_pool.at_least |= one.from_start;
  }
}

model::PoolReport PoolFold::report() const {
  model::PoolReport report;
  report.boot_time = now_;
  report.duration = now_ - first_look_;
  report.interval = settings_.interval;
  report.traced = settings_.traced;
  report.looks = look_;
  report.not_followed = not_followed_;
  report.not_pooled = not_pooled_;
  report.peer_idle_closes = idle_closes_.all();
  report.shortest_idle_closes = idle_closes_.shortest();
  std::ranges::transform(rows_, std::back_inserter(report.pools), &Row::pool);
  std::vector<Ages> ages(rows_.size());
  look_at_each(report.pools, ages);
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    Pool& pool = report.pools[i];
    report.connections += pool.now.open;
    pool.idle = model::pool_times(rows_[i].idle);
    count_buckets(pool, rows_[i].idle);
    pool.age = model::pool_times(std::move(ages[i].values));
    pool.age_at_least = ages[i].at_least;
    pool.churn.at_least = !settings_.traced;
    pool.churn.lifetimes = model::pool_times(rows_[i].lifetimes.in_order());
    pool.peer_idle_close = idle_closes_.find(pool.peer);
    const auto time_wait = time_wait_.find(pool.peer);
    pool.time_wait = time_wait == time_wait_.end() ? 0 : time_wait->second;
    if (const auto kind = runtimes_.find(pool.process ? pool.process->pid : 0);
        kind != runtimes_.end()) {
      pool.runtime = kind->second;
    }
    const auto ports = local_ports_.find(pool.peer.netns);
    pool.local_ports = ports == local_ports_.end() ? 0 : ports->second;
    pool.verdicts = judge(pool, report);
  }
  std::erase_if(report.pools, says_nothing);
  std::ranges::stable_sort(report.pools, std::greater{}, pool_weight);
  return report;
}

}  // namespace tcptrace::monitor
