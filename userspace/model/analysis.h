// SPDX-License-Identifier: GPL-2.0
// One look at a host: what `tcptrace analyze` prints. Plain data.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/finding.h"
#include "model/host_facts.h"
#include "model/socket.h"
#include "model/socket_census.h"

namespace tcptrace::model {

// A counter of one network namespace.
struct CounterFact {
  std::uint32_t netns = 0;
  std::string_view name{};  // "Tcp.RetransSegs"
  std::uint64_t total = 0;
  std::optional<double> per_second{};     // since boot, where that is as old as the namespace
  std::optional<std::uint64_t> recent{};  // within Analysis::interval
};

struct Analysis {
  HostFacts facts{};
  SocketCensus census{};
  std::uint64_t listed = 0;                            // network namespaces whose sockets are in it
  std::optional<std::chrono::nanoseconds> interval{};  // between two readings of the counters
  std::vector<CounterFact> counters{};                 // those that matter and are not zero
  std::vector<Finding> findings{};                     // the worst first
  SocketSource source = SocketSource::kNetlink;
  std::size_t top = 10;                // rows of the census that were asked for
  std::vector<std::string> missing{};  // what is not in it, in words
};

}  // namespace tcptrace::model
