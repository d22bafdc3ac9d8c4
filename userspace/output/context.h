// SPDX-License-Identifier: GPL-2.0
// What every renderer needs to know beside the record. Plain values, filled at the edge.
#pragma once

#include <chrono>
#include <functional>
#include <string>

namespace tcptrace::output {

struct Context {
  std::string host;
  std::chrono::nanoseconds boot_to_wall{};  // CLOCK_REALTIME - CLOCK_BOOTTIME
  bool color = false;                       // text: ANSI colours
  bool verbose = false;                     // more of each record
  // Text shows local time: seconds east of UTC at a wall time (seconds since the epoch). Empty:
  // UTC. JSON is always UTC.
  std::function<std::chrono::seconds(std::chrono::seconds)> utc_offset{};
};

}  // namespace tcptrace::output
