// SPDX-License-Identifier: GPL-2.0
// Numbers as a line of bars, one column each. Private to output/.
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace tcptrace::output {

// From `low` to `high`, which no number is beyond.
[[nodiscard]] std::string sparkline(std::span<const std::uint64_t> numbers, std::uint64_t low,
                                    std::uint64_t high);

}  // namespace tcptrace::output
