// SPDX-License-Identifier: GPL-2.0
#include <string_view>

#include "cli/help.h"

namespace tcptrace::cli {
namespace {

constexpr std::string_view kAnalyzeHead =
    R"(Usage: tcptrace analyze [OPTIONS]

One look at this host's TCP: what is wrong first, the worst on top, each with its
number, why it matters and what to do; then the tables in which it was found.
Sockets by state, listeners and their queues, connections that nobody closes,
local ports in use, the peers, processes and containers that have most; memory,
counters, interfaces, connection tracking and settings.

Counters are judged by what they came to since boot; with --interval, by what
happened meanwhile. Without root it sees one's own network namespace and one's
own processes, and says what is missing.
)";

constexpr std::string_view kAnalyzeTail =
    R"(
Examples:
  tcptrace analyze                      the whole host
  tcptrace analyze --interval 10s       and what its counters do in ten seconds
  tcptrace analyze --netns pid:812      the namespace of process 812
  tcptrace analyze -J | jq .findings    as JSON

Exit status: 0 done, whatever was found; 1 failed; 2 bad usage or input; 3 the
kernel or the privileges do not allow it. More in tcptrace(8).
)";

}  // namespace

std::string analyze_help(const CommandLine& line) { return line.help(kAnalyzeHead, kAnalyzeTail); }

}  // namespace tcptrace::cli
