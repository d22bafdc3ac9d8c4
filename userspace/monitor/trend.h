// SPDX-License-Identifier: GPL-2.0
// Where a series of values goes: up, down, round and round, or nowhere. Pure.
#pragma once

#include <chrono>
#include <cstddef>
#include <span>

#include "model/monitor.h"

namespace tcptrace::monitor {

inline constexpr std::size_t kMinTrendValues = 12;
// So many periods must be there before one is believed.
inline constexpr std::size_t kMinPeriods = 3;

// `values`, the oldest first, are `interval` apart. A change is rapid from `change_percent` on: a
// rise of so much of what was before, or a fall of so much of it; a fall of more than 100 % is one
// to almost nothing. What is within the noise is none, and what is less than `least`.
[[nodiscard]] model::Trend find_trend(std::span<const double> values,
                                      std::chrono::nanoseconds interval, double change_percent,
                                      double least);

// What is changed by less than this is small numbers, not a trend: so many connections, or percent.
[[nodiscard]] double least_change(model::Metric metric);

}  // namespace tcptrace::monitor
