// SPDX-License-Identifier: GPL-2.0
#include "base/cluster.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace tcptrace {

using std::chrono::milliseconds;

namespace {

// Of the sorted ones those that are near the first.
std::span<const milliseconds> set_from(std::span<const milliseconds> sorted, double width,
                                       milliseconds slack) {
  const double most = static_cast<double>(sorted.front().count()) * width;
  const auto limit = milliseconds(static_cast<std::int64_t>(most)) + slack;
  return {sorted.begin(), std::ranges::upper_bound(sorted, limit)};
}

}  // namespace

std::span<const milliseconds> densest(std::span<const milliseconds> sorted, double width,
                                      milliseconds slack) {
  std::span<const milliseconds> best;
  for (std::size_t first = 0; first < sorted.size(); ++first) {
    const auto set = set_from(sorted.subspan(first), width, slack);
    if (set.size() > best.size()) {
      best = set;
    }
  }
  return best;
}

std::span<const milliseconds> first_set(std::span<const milliseconds> sorted, double width,
                                        milliseconds slack, std::size_t least) {
  for (std::size_t first = 0; first < sorted.size(); ++first) {
    const auto set = set_from(sorted.subspan(first), width, slack);
    if (set.size() >= least) {
      return set;
    }
  }
  return {};
}

}  // namespace tcptrace
