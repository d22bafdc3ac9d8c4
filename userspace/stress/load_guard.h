// SPDX-License-Identifier: GPL-2.0
// Whether a load can work on this machine, and whether it may be sent. Reads nothing itself.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "model/load_limits.h"
#include "stress/load_plan.h"

namespace tcptrace::stress {

// More new connections a second than this, not over loopback, are an attack unless somebody answers
// for them.
inline constexpr double kFreeRate = 1000;

// Fails with ExitStatus::kUsage for more than that unless `allowed`.
[[nodiscard]] Result<void> check_permission(const LoadPlan& plan, bool allowed);

// What will not go well, each with what to do: "what; hint". Fails with ExitStatus::kUsage for what
// cannot go at all. Lowers a number of connections that nobody asked for to what there is room for.
[[nodiscard]] Result<std::vector<std::string>> check_limits(LoadPlan& plan,
                                                            const model::LoadLimits& limits);

}  // namespace tcptrace::stress
