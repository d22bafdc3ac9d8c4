// SPDX-License-Identifier: GPL-2.0
// What is wrong with a host, by its sockets, counters and settings. Pure: a healthy host has no
// finding, so whatever counts has to be many and a share of what it is part of.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

#include "model/analysis.h"
#include "model/finding.h"
#include "model/host_facts.h"
#include "model/socket_census.h"

namespace tcptrace::monitor {

struct FindingInput {
  const model::SocketCensus& census;
  const model::HostFacts& facts;
  // An earlier reading, if there is one: counters are judged by what happened since.
  const model::HostFacts* before = nullptr;
};

// The worst first.
[[nodiscard]] std::vector<model::Finding> find(const FindingInput& input);

// The counters that matter and are not zero, by namespace.
[[nodiscard]] std::vector<model::CounterFact> counters_that_matter(const model::HostFacts& facts,
                                                                   const model::HostFacts* before);

}  // namespace tcptrace::monitor
