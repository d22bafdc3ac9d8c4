// SPDX-License-Identifier: GPL-2.0
// How far an idle time has to stay below the timer of the other side.
#pragma once

#include <algorithm>
#include <chrono>

namespace tcptrace::model {

inline constexpr std::chrono::milliseconds kShortestMargin = std::chrono::seconds(1);
inline constexpr int kMarginShare = 10;  // a tenth

// How long before the end of a timer of the other side nothing may be sent any more: the way there,
// and what comes late because a machine is busy.
[[nodiscard]] constexpr std::chrono::milliseconds margin_of(std::chrono::milliseconds timer) {
  return std::max(kShortestMargin, timer / kMarginShare);
}

}  // namespace tcptrace::model
