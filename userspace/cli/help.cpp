// SPDX-License-Identifier: GPL-2.0
#include "cli/help.h"

#include <string_view>

namespace tcptrace::cli {
namespace {

constexpr std::string_view kTraceHead =
    R"(Usage: tcptrace [trace] [OPTIONS]
       tcptrace replay [OPTIONS] FILE
       tcptrace snapshot [OPTIONS]
       tcptrace check [--json] [--attach FAMILY]
       tcptrace drill NAME...
       tcptrace stress [OPTIONS] HOST:PORT
       tcptrace serve [OPTIONS] [ADDRESS:]PORT
       tcptrace probe [OPTIONS] HOST:PORT
       tcptrace analyze [OPTIONS]
       tcptrace pools [OPTIONS]
       tcptrace monitor [OPTIONS]
       tcptrace report [OPTIONS] [FILE...]
       tcptrace tune [--apply|--restore] [OPTIONS]
       tcptrace generate haproxy|nginx [OPTIONS]
       tcptrace completion bash|zsh|fish

Shows every TCP reset, every retransmission and every connection that failed on
this host as it happens: one line each, with the process that owns the
connection, both addresses, and what the kernel knew at that instant. Runs until
Ctrl-C, and then says what was seen, what was lost, and how that agrees with the
kernel's own counters. Needs root, or CAP_BPF and CAP_PERFMON.

Filters of different kinds are all required; of one kind, any suffices. Lists
are separated by commas, and options may be repeated. All filters are evaluated
in the kernel, on the owner of the connection.
)";

constexpr std::string_view kTraceTail =
    R"(
Examples:
  tcptrace                            everything, on the whole host
  tcptrace -p 812                     one process; ends when it exits
  tcptrace -P 443 -e all -d 30s       every event on port 443, for half a minute
  tcptrace --addr 10.0.0.0/8 -c 20    the first 20 events with that network
  tcptrace --netns pid:812 -J -o f    the namespace of process 812, as JSON
  tcptrace -w f                       everything, and a recording of it
  tcptrace replay -P 443 f            the events on port 443 of that recording
  tcptrace snapshot                   every TCP socket there is, at this moment
  tcptrace check                      what this kernel offers, hook by hook

Exit status: 0 done, also by SIGINT and SIGTERM; 1 failed; 2 bad usage or input;
3 the kernel or the privileges do not allow it. More in tcptrace(8).
)";

constexpr std::string_view kReplayHead =
    R"(Usage: tcptrace replay [OPTIONS] FILE

Prints what `tcptrace --write FILE` recorded, as the trace printed it or with
other filters and another form. FILE - is stdin. Needs no privileges and nothing
of the host that was traced. Filters can only narrow down what was recorded;
--netns takes inode numbers.

Of a recording that is damaged or has no end, what can be read is printed, and
what is missing is said: exit status 0. A file of another version, or that is no
recording, is exit status 2.
)";

constexpr std::string_view kSnapshotHead =
    R"(Usage: tcptrace snapshot [OPTIONS]

Shows every TCP socket of this host at this moment, in all network namespaces:
one line each, with the process that holds it, both addresses, its state, and
what the kernel knows of the path and the queues. Ends at once. Needs root, or
with --source netlink for one's own namespace and processes nothing.

Filters of different kinds are all required; of one kind, any suffices. Lists
are separated by commas, and options may be repeated.
)";

constexpr std::string_view kSnapshotTail =
    R"(
Examples:
  tcptrace snapshot -p 812                  the sockets of one process
  tcptrace snapshot --state close_wait      what nobody has closed
  tcptrace snapshot --listen                who listens, and how full the queues are
  tcptrace snapshot --addr 10.0.0.0/8 -J    as JSON

Exit status: 0 done; 1 failed; 2 bad usage or input; 3 the kernel or the
privileges do not allow it. More in tcptrace(8).
)";

constexpr std::string_view kCheckHead =
    R"(Usage: tcptrace check [OPTIONS]

Tries every hook on this kernel, with these privileges, and says which variant
would be used and why the others failed. Leaves nothing attached. Exit status 0:
tracing works; 3: it does not.
)";

constexpr std::string_view kDrillHead =
    R"(Usage: tcptrace drill [OPTIONS] NAME... | all
       tcptrace drill --list

Makes the cause of a reset or of a dead connection happen, between two network
namespaces of its own, and shows what tcptrace says of it. Nothing outside them
is touched. Needs root and ip; drills with a firewall need nft. Exit status 0:
each verdict was right; 1: one was not, or could not be had.
)";

constexpr std::string_view kStressHead =
    R"(Usage: tcptrace stress [OPTIONS] HOST:PORT

Makes TCP connections to a server, and says how many succeeded, how long they
took, and in which phase and with which error the others failed. With --rate
connections begin at scheduled times, whether or not the server keeps up, and
the time until they are done also counts from then. All addresses of a name are
tried, one after the other. SIGINT ends it with the results so far. Needs no
privileges, but for --trace, which says why connections failed.
)";

constexpr std::string_view kStressTail =
    R"(
Examples:
  tcptrace stress 127.0.0.1:80                      connect and close, for 10 s
  tcptrace stress --http / -c 100 -d 1m localhost:80
  tcptrace stress --http / --requests 50 -n 10000 localhost:80
  tcptrace stress -r 500 --payload 1K server:7      an echo server, 500 times a second
  tcptrace stress -c 15000 --hold 1m --source 127.0.0.0/28 127.0.0.1:80
  tcptrace stress -r 5000 --yes --close rst -J server:80 >results
  sudo tcptrace stress --trace -r 2000 localhost:80 and why connections failed

Exit status: 0 done, whatever became of the connections; 1 failed; 2 bad usage
or input, or a load that cannot work here. More in tcptrace(8).
)";

constexpr std::string_view kServeHead =
    R"(Usage: tcptrace serve [OPTIONS] [ADDRESS:]PORT

A TCP server for the other end of a test: echoes, discards or answers HTTP, and
does wrong what it is told to. Listens on all addresses unless one is given,
over IPv6 and IPv4; port 0 is any that is free. The first line says where. Runs
until Ctrl-C, and then says what it has counted.

Requests are those of HTTP, or else pieces of data, as they were read.
)";

constexpr std::string_view kServeTail =
    R"(
Examples:
  tcptrace serve 8080                             echoes what it gets
  tcptrace serve -m http --body 1K -t 2 8080      HTTP, two threads
  tcptrace serve -m http --idle-timeout 5s 8080   the keep-alive race
  tcptrace serve --accept-delay 1s --backlog 4 0  a server that cannot keep up
  tcptrace serve --close-unread 127.0.0.1:8080    answers every request by a reset
  tcptrace serve -J -d 10s 0                      any port; totals as JSON

Exit status: 0 done, also by SIGINT and SIGTERM; 1 failed, such as a port that
is taken; 2 bad usage or input; 3 the privileges do not allow it. More in
tcptrace(8).
)";

constexpr std::string_view kProbeHead =
    R"(Usage: tcptrace probe [OPTIONS] HOST:PORT

A ping for TCP: connects again and again, and says how long it took, what the
kernel measured meanwhile, and where the time went. Each attempt asks for the
first address of the name; where that fails, for the next one, and says so.
)";

constexpr std::string_view kProbeTail =
    R"(
Examples:
  tcptrace probe example.com:443              ten connects, one a second
  tcptrace probe -c 0 -i 100ms 10.0.0.9:5432  until Ctrl-C, ten a second
  tcptrace probe --http / example.com:80      and how long the answer takes
  tcptrace probe --send 'PING\r\n' db:6379    of any protocol with a question
  tcptrace probe --all-addresses example.com:443
  tcptrace probe -c 1 --timeout 1s 10.0.0.9:22 && echo up

Exit status: 0 at least one attempt succeeded, or a signal came before the first
had ended; 1 none did; 2 bad usage, or a name that nobody knows. More in
tcptrace(8).
)";

constexpr std::string_view kCompletionHead =
    R"(Usage: tcptrace completion bash|zsh|fish

Prints a script that completes tcptrace's command line:
  bash    source <(tcptrace completion bash)
  zsh     tcptrace completion zsh > "${fpath[1]}/_tcptrace"
  fish    tcptrace completion fish > ~/.config/fish/completions/tcptrace.fish
)";

}  // namespace

std::string trace_help(const CommandLine& line) { return line.help(kTraceHead, kTraceTail); }

std::string replay_help(const CommandLine& line) { return line.help(kReplayHead, {}); }

std::string snapshot_help(const CommandLine& line) {
  return line.help(kSnapshotHead, kSnapshotTail);
}

std::string check_help(const CommandLine& line) { return line.help(kCheckHead, {}); }

std::string drill_help(const CommandLine& line) { return line.help(kDrillHead, {}); }

std::string stress_help(const CommandLine& line) { return line.help(kStressHead, kStressTail); }

std::string serve_help(const CommandLine& line) { return line.help(kServeHead, kServeTail); }

std::string probe_help(const CommandLine& line) { return line.help(kProbeHead, kProbeTail); }

std::string completion_help(const CommandLine& line) { return line.help(kCompletionHead, {}); }

}  // namespace tcptrace::cli
