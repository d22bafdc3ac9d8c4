// SPDX-License-Identifier: GPL-2.0
// How full is what has an end: local ports towards a peer, queues of listeners. Pure.
#pragma once

#include <cstdint>
#include <vector>

#include "model/monitor.h"
#include "monitor/alerts.h"

namespace tcptrace::monitor {

// As the alerts call them; what is not in the namespace `own` says where it is.
[[nodiscard]] std::vector<Observed> observed_ports(const model::SocketCensus& census,
                                                   std::uint32_t own);
[[nodiscard]] std::vector<Observed> observed_listeners(const model::SocketCensus& census,
                                                       std::uint32_t own);

}  // namespace tcptrace::monitor
