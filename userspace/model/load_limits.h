// SPDX-License-Identifier: GPL-2.0
// What a machine allows of TCP connections. Plain data.
#pragma once

#include <cstdint>
#include <optional>

#include "model/time_wait.h"

namespace tcptrace::model {

struct LoadLimits {
  std::uint64_t open_files = UINT64_MAX;  // that this process may have
  std::uint64_t files_open = 0;           // that it has
  std::uint64_t ports = 28'232;           // net.ipv4.ip_local_port_range, its default
  // Where it may, a port in TIME_WAIT is used again after a second.
  TimeWaitReuse time_wait_reuse = TimeWaitReuse::kLoopback;
  std::optional<std::uint64_t> somaxconn;
  std::optional<std::uint64_t> conntrack_max;  // empty: connections are not tracked
  std::uint64_t conntrack_count = 0;
};

}  // namespace tcptrace::model
