// SPDX-License-Identifier: GPL-2.0
// Attempts that fail and come again: at a fixed interval, or at one that grows. Pure.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/event.h"
#include "model/monitor.h"

namespace tcptrace::monitor {

// Of the latest of these times, oldest first, so many as make a pattern; attempts less than
// `resolution` apart are one. Needs four gaps.
[[nodiscard]] std::optional<model::RetryPattern> find_retries(
    std::span<const std::chrono::nanoseconds> attempts, std::chrono::nanoseconds resolution);

// Who tries to reach whom, from events; and the host as a whole, from its counters.
class RetryFinder {
 public:
  // Pairs that are remembered; the one that has been quiet longest leaves first.
  static constexpr std::size_t kMaxPairs = 256;
  static constexpr std::size_t kMaxAttempts = 16;
  // Of a pair that are told apart; with more under way at once some are counted again.
  static constexpr std::size_t kMaxConnections = 1024;

  // A connect that failed, a SYN that was sent again, a connect that was refused by a reset: the
  // first of these that is heard of a connection. The rest is passed over.
  void note(const model::Event& event);

  // In an interval that ended at `now` connections were begun, and some failed.
  void note_host(std::chrono::nanoseconds now);

  // Those whose next attempt is not long overdue. `interval`: how exact note_host()'s times are.
  [[nodiscard]] std::vector<model::RetryPattern> patterns(std::chrono::nanoseconds now,
                                                          std::chrono::nanoseconds interval) const;

 private:
  using Attempts = std::deque<std::chrono::nanoseconds>;

  static void add(Attempts& attempts, std::chrono::nanoseconds now);

  struct Pair {
    Attempts attempts;
    std::deque<std::uint64_t> cookies;  // of the connections that were heard of last
  };

  std::map<std::string, Pair, std::less<>> pairs_;
  Attempts host_;
};

}  // namespace tcptrace::monitor
