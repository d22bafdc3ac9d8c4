// SPDX-License-Identifier: GPL-2.0
// What is wrong with a pool, told from what was seen of it. Pure.
#pragma once

#include <vector>

#include "model/pool.h"

namespace tcptrace::monitor {

// Those with the most confidence first. Of `report` only what it says of the looks counts.
[[nodiscard]] std::vector<model::PoolVerdict> judge(const model::Pool& pool,
                                                    const model::PoolReport& report);

}  // namespace tcptrace::monitor
