// SPDX-License-Identifier: GPL-2.0
#include <string_view>

#include "cli/help.h"

namespace tcptrace::cli {
namespace {

constexpr std::string_view kReportHead =
    R"(Usage: tcptrace report [OPTIONS] [FILE...]

Makes one HTML page for a ticket: causes by peer and process, a timeline of
resets and retransmissions, how long connections had been idle when they were
reset, the way of the worst ones to their reset, alerts, settings, findings and
what to do. The page needs no network and no other file.

A FILE is a recording (tcptrace --write) or JSON Lines (tcptrace --json, tcptrace
monitor --json), of this host or others; - is stdin. Several are merged by time.
Without one, this host is traced for --duration, which needs root, or CAP_BPF and
CAP_PERFMON; SIGINT ends it early with what is there by then.

Of a file that is damaged or has no end, what can be read is reported, and what
is missing is said, in the report too: exit status 0.
)";

constexpr std::string_view kReportTail =
    R"(
Examples:
  tcptrace report -o ticket.html                 traces this host for a minute
  tcptrace report -d 10m -P 5432 -o ticket.html  ten minutes, of port 5432
  tcptrace report -o ticket.html web1.rec web2.rec
  tcptrace report --text yesterday.rec           on the terminal
  tcptrace report --json today.jsonl | jq .by_cause

Exit status: 0 done, for a trace also by SIGINT and SIGTERM; 1 failed; 2 bad
usage or input; 3 the kernel or the privileges do not allow it. More in
tcptrace(8).
)";

}  // namespace

std::string report_help(const CommandLine& line) { return line.help(kReportHead, kReportTail); }

}  // namespace tcptrace::cli
