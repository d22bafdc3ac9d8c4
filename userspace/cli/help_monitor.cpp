// SPDX-License-Identifier: GPL-2.0
#include <string_view>

#include "cli/help.h"

namespace tcptrace::cli {
namespace {

constexpr std::string_view kMonitorHead =
    R"(Usage: tcptrace monitor [OPTIONS]

A dashboard of this host's TCP: connections and rates with their trend, states,
who talks, how full the queues of listeners and the ports are, round trips, and
as root resets and retransmissions by cause. Alerts when a threshold is crossed,
once, and again when that is over. On a terminal it is a screen; else, or with
--plain, a line each interval. Keys: ? shows them.

Without root, what is traced and the owners of others' sockets are missing, and
that is said.
)";

constexpr std::string_view kMonitorTail =
    R"(
Examples:
  tcptrace monitor                          the dashboard
  tcptrace monitor --once                   one look, and the end
  tcptrace monitor --plain -i 10s           a line every ten seconds
  tcptrace monitor -J | your-log-shipper    readings and alerts as JSON
  tcptrace monitor --config thresholds.json --exec 'logger -t tcp' --plain
  tcptrace monitor --netns pid:812          the namespace of process 812

Exit status: 0 done, also by SIGINT and SIGTERM; 1 failed; 2 bad usage or input;
3 the privileges do not allow it. More in tcptrace(8).
)";

}  // namespace

std::string monitor_help(const CommandLine& line) { return line.help(kMonitorHead, kMonitorTail); }

}  // namespace tcptrace::cli
