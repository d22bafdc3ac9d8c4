// SPDX-License-Identifier: GPL-2.0
#include "report/idle_histogram.h"

#include <algorithm>
#include <cstddef>

namespace tcptrace::report {
namespace {

using std::chrono::milliseconds;
using namespace std::chrono_literals;

// The beginning of each.
constexpr std::array<milliseconds, IdleHistogram::kBuckets> kFrom = {
    0ms,  1ms,  2ms,  5ms,  10ms,  20ms,  50ms,  100ms, 200ms, 500ms, 1s,  2s,  3s,  4s,   5s,
    6s,   8s,   10s,  12s,  15s,   20s,   25s,   30s,   40s,   50s,   60s, 75s, 90s, 2min, 3min,
    4min, 5min, 6min, 8min, 10min, 15min, 20min, 30min, 45min, 1h,    2h,  4h,  12h, 24h};
static_assert(std::ranges::is_sorted(kFrom));

}  // namespace

void IdleHistogram::add(milliseconds idle, bool sent) {
  const auto above = std::ranges::upper_bound(kFrom, idle);
  const auto index =
      static_cast<std::size_t>(std::max<std::ptrdiff_t>(above - kFrom.begin() - 1, 0));
  ++(sent ? counts_[index].sent : counts_[index].received);
}

std::vector<model::IdleBucket> IdleHistogram::buckets() const {
  const auto is_used = [](const Count& count) { return count.sent + count.received != 0; };
  const auto first = std::ranges::find_if(counts_, is_used) - counts_.begin();
  const auto behind = counts_.rend() - std::find_if(counts_.rbegin(), counts_.rend(), is_used);
  std::vector<model::IdleBucket> buckets;
  for (auto i = static_cast<std::size_t>(first); i < static_cast<std::size_t>(behind); ++i) {
    buckets.push_back({.from = kFrom[i],
                       .to = i + 1 < kBuckets ? kFrom[i + 1] : milliseconds::max(),
                       .sent = counts_[i].sent,
                       .received = counts_[i].received});
  }
  return buckets;
}

}  // namespace tcptrace::report
