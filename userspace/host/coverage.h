// SPDX-License-Identifier: GPL-2.0
// The kernel's counters beside what was traced, per network namespace. A pure function of two
// readings.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "host/kernel_counters.h"
#include "model/report.h"

namespace tcptrace::host {

// By inode number of the namespace; host first, and without namespaces where nothing happened.
[[nodiscard]] std::vector<model::NetnsCoverage> coverage(
    const CountersByNetns& before, const CountersByNetns& after,
    const std::map<std::uint32_t, model::TracedCounters>& traced);

}  // namespace tcptrace::host
