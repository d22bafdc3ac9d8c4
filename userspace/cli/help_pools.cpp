// SPDX-License-Identifier: GPL-2.0
#include <string_view>

#include "cli/help.h"

namespace tcptrace::cli {
namespace {

constexpr std::string_view kPoolsHead =
    R"(Usage: tcptrace pools [OPTIONS]

Shows the connection pools of running applications: what each process has open
to each peer, how much of it is idle, busy or in CLOSE_WAIT, how fast it comes
and goes, and what is wrong with it: a pool that is exhausted, connections that
leak, connections kept for longer than the peer allows, no reuse.

Looks at all sockets every interval. As root a trace beside it counts every open
and every end; else these are what the looks tell, and at least so many.
)";

constexpr std::string_view kPoolsTail =
    R"(
Examples:
  tcptrace pools -p 812                 the pools of one process, for 10 s
  tcptrace pools --comm java -d 1m -v   of all Java processes, in detail
  tcptrace pools -D 5432 -i 200ms       those of clients of PostgreSQL
  tcptrace pools --once -J              what is open now, as JSON

Exit status: 0 done, also by SIGINT and SIGTERM; 1 failed; 2 bad usage or input;
3 the kernel or the privileges do not allow it. More in tcptrace(8).
)";

}  // namespace

std::string pools_help(const CommandLine& line) { return line.help(kPoolsHead, kPoolsTail); }

}  // namespace tcptrace::cli
