// SPDX-License-Identifier: GPL-2.0
// What happened between two samples of the kernel's counters. Pure: time is that of the samples.
#pragma once

#include <cstdint>
#include <optional>

#include "model/host_facts.h"
#include "model/monitor.h"

namespace tcptrace::monitor {

// By how much a counter went up. One of 32 bits that wrapped goes on from zero; empty: it went
// back, so it is another.
[[nodiscard]] std::optional<std::uint64_t> counter_increase(std::uint64_t now,
                                                            std::uint64_t before);

// What the monitor takes of the facts; namespaces without counters are left out.
[[nodiscard]] model::MonitorSample sample_of(const model::HostFacts& facts);

// Summed over the namespaces that both samples have. One that is new has no past and adds nothing
// yet; in one whose counters went back, which is another under the same number, all that they have
// is new. Empty where no time has passed.
[[nodiscard]] std::optional<model::MonitorRates> rates_between(const model::MonitorSample& before,
                                                               const model::MonitorSample& now);

}  // namespace tcptrace::monitor
