// SPDX-License-Identifier: GPL-2.0
// From values to alerts: raised after some intervals at or above a threshold, cleared after some
// well below it, and said once. Pure: time is passed in.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "model/alert.h"
#include "model/monitor_config.h"

namespace tcptrace::monitor {

// One value as it is now, of one thing. What is not known is not given.
struct Observed {
  std::string subject;
  double value = 0;
  std::uint32_t netns = 0;  // that it was read in
};

class AlertBook {
 public:
  // Subjects of a kind that are watched at once: those beyond are counted.
  static constexpr std::size_t kMaxSubjects = 256;

  explicit AlertBook(const model::MonitorConfig& config) : config_(config) {}

  // The values of one kind in this interval, all of them: a subject that is watched and not among
  // them has gone, and counts as zero, unless nobody could look: `unread` are the namespaces of
  // which there are no values. Returns what changed.
  [[nodiscard]] std::vector<model::Alert> observe(model::AlertKind kind,
                                                  std::span<const Observed> values,
                                                  std::chrono::nanoseconds now,
                                                  std::span<const std::uint32_t> unread = {});

  // Those that are raised, in the order in which they were.
  [[nodiscard]] std::vector<model::Alert> raised() const;
  // Of the last intervals: above their threshold, and without room.
  [[nodiscard]] std::uint64_t untracked() const;

 private:
  struct Watched {
    model::Alert alert{};
    std::uint32_t above = 0;   // intervals in a row at or above the threshold
    std::uint32_t severe = 0;  // likewise at or above the critical one
    std::uint32_t below = 0;   // likewise below what clears it
    bool raised = false;
    bool seen = false;  // in this interval
    std::uint32_t netns = 0;
  };
  using Subjects = std::map<std::string, Watched, std::less<>>;

  void update(Watched& watched, double value, std::chrono::nanoseconds now,
              std::vector<model::Alert>& changes) const;
  [[nodiscard]] Watched* find_or_watch(model::AlertKind kind, const Observed& observed,
                                       double threshold, std::chrono::nanoseconds now);

  model::MonitorConfig config_;
  std::map<model::AlertKind, Subjects> watched_;
  std::map<model::AlertKind, std::uint64_t> untracked_;
};

// The threshold of a kind; empty: it raises no alert.
[[nodiscard]] std::optional<double> threshold_of(model::AlertKind kind,
                                                 const model::MonitorConfig& config);

}  // namespace tcptrace::monitor
