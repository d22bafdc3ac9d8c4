// SPDX-License-Identifier: GPL-2.0
// Times that a person may take for the same. Pure; knows no project type.
#pragma once

#include <chrono>
#include <cstddef>
#include <span>

namespace tcptrace {

// Of values that are there.
template <typename T>
[[nodiscard]] T median(std::span<const T> sorted) {
  return sorted[sorted.size() / 2];
}

// The largest set of them of which none is more than `width` times the least and `slack`.
[[nodiscard]] std::span<const std::chrono::milliseconds> densest(
    std::span<const std::chrono::milliseconds> sorted, double width,
    std::chrono::milliseconds slack);

// The first such set, from the least on, that has `least` values or more; empty: there is none.
[[nodiscard]] std::span<const std::chrono::milliseconds> first_set(
    std::span<const std::chrono::milliseconds> sorted, double width,
    std::chrono::milliseconds slack, std::size_t least);

}  // namespace tcptrace
