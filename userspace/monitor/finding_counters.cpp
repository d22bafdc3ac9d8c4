// SPDX-License-Identifier: GPL-2.0
// Findings in the kernel's counters. A rule is a row: what is counted, of what it is a part, from
// which share on it matters.
#include <algorithm>
#include <array>
#include <initializer_list>

#include "model/sysctls.h"
#include "monitor/finding_rules.h"

namespace tcptrace::monitor {
namespace {

using model::NetnsFacts;

struct CounterRule {
  FindingId id;
  Levels levels;
  std::uint64_t least;  // less is chance; within an interval a tenth
  std::string_view counted;
  std::string_view less;  // what `counted` has of another rule; may be empty
  std::array<std::string_view, 2> whole;
  std::string_view what;     // "100 …"
  std::string_view of_what;  // "2 % of 5,000 …"
  std::string_view why;
  std::string_view advice;
};

constexpr std::array<std::string_view, 2> kOpened = {"Tcp.ActiveOpens", "Tcp.PassiveOpens"};
constexpr std::array<std::string_view, 2> kAccepted = {"Tcp.PassiveOpens", ""};
constexpr std::array<std::string_view, 2> kReceived = {"Tcp.InSegs", ""};

constexpr auto kCounterRules = std::to_array<CounterRule>({
    // tcp_conn_request(), tcp_v4_syn_recv_sock(): sk_acceptq_is_full().
    {FindingId::kListenOverflows,
     {.warning = 0.001, .critical = 0.05},
     10,
     "TcpExt.ListenOverflows",
     "",
     kAccepted,
     "handshakes found the queue of their listener full",
     "accepted connections",
     "the kernel drops them: clients try again after a second, then two, then four",
     "see the listeners' queues (tcptrace snapshot --listen): let the process accept faster, or "
     "raise its listen() backlog and net.core.somaxconn"},
    // tcp_listendrop() for other reasons: no memory, no route, a filter.
    {FindingId::kListenDrops,
     {.warning = 0.001, .critical = 0.05},
     100,
     "TcpExt.ListenDrops",
     "TcpExt.ListenOverflows",
     kAccepted,
     "handshakes were dropped though the listener's queue had room",
     "accepted connections",
     "clients try again after a second, then two, then four",
     "see TCPReqQFullDrop and the memory of TCP"},
    // tcp_syn_flood_action()
    {FindingId::kSynCookies,
     {.warning = 0.01, .critical = 0.5},
     100,
     "TcpExt.TCPReqQFullDoCookies",
     "",
     kAccepted,
     "SYNs were answered with a cookie because the SYN queue was full",
     "accepted connections",
     "a flood, or a backlog too short for the load; what a cookie cannot "
     "carry (window scaling without timestamps) is lost",
     "raise the backlog of listen() and net.core.somaxconn if these are clients of yours"},
    {FindingId::kSynQueueDrops,
     {.warning = 0.001, .critical = 0.05},
     10,
     "TcpExt.TCPReqQFullDrop",
     "",
     kAccepted,
     "SYNs were dropped because the SYN queue was full",
     "accepted connections",
     "clients try again after a second, then two, then four",
     "set net.ipv4.tcp_syncookies to 1; while it is 0, net.ipv4.tcp_max_syn_backlog is a limit "
     "too"},
    // RFC 4022: tcpOutSegs is without what is retransmitted.
    {FindingId::kRetransmissions,
     {.warning = 0.02, .critical = 0.1},
     1000,
     "Tcp.RetransSegs",
     "",
     {"Tcp.OutSegs", "Tcp.RetransSegs"},
     "segments were sent again",
     "segments sent",
     "segments get lost on the way: throughput falls, and latency rises by timeouts",
     "tcptrace names the connections and the paths; see the interfaces' errors and drops"},
    // tcp_rtx_synack(), tcp_retransmit_skb() of a SYN.
    {FindingId::kSynRetransmissions,
     {.warning = 0.05, .critical = 0.25},
     100,
     "TcpExt.TCPSynRetrans",
     "",
     kOpened,
     "SYNs and SYN-ACKs were sent again",
     "connections opened",
     "each costs its connection a second or more: hosts that do not answer, or drop handshakes",
     "tcptrace -e failure names the peers"},
    // tcp_done() in SYN_SENT or SYN_RECV; tcp_check_req(): a request that the client reset.
    {FindingId::kAttemptFails,
     {.info = 0.1, .warning = 0.5},
     100,
     "Tcp.AttemptFails",
     "",
     kOpened,
     "connections failed before they were established",
     "connections opened",
     "ports on which nobody listens, hosts that are gone, clients that give up",
     "tcptrace -e failure names them, with the cause"},
    {FindingId::kResetsSent,
     {.info = 0.1},
     1000,
     "Tcp.OutRsts",
     "",
     kOpened,
     "resets were sent",
     "connections opened",
     "each breaks a connection, or answers what belongs to none: a port scan also counts",
     "tcptrace says why each was sent"},
    // tcp_write_err()
    {FindingId::kTimeouts,
     {.warning = 0.01, .critical = 0.1},
     100,
     "TcpExt.TCPAbortOnTimeout",
     "",
     kOpened,
     "connections were given up because the peer was silent",
     "connections opened",
     "peers or the path to them vanish without a reset, or a middlebox forgets the connection",
     "send keep-alives more often than the shortest idle timeout on the way"},
    // __tcp_close() with unread data: RFC 2525, 2.17.
    {FindingId::kClosedWithUnreadData,
     {.warning = 0.02, .critical = 0.5},
     100,
     "TcpExt.TCPAbortOnClose",
     "",
     kOpened,
     "connections were closed with data unread",
     "connections opened",
     "the kernel sends a reset then, and the peer may lose what it has not read yet",
     "read until the end, or shutdown() for writing and wait, before close()"},
    // __tcp_close() with SO_LINGER 0; data after close() in tcp_rcv_state_process().
    {FindingId::kAbortedByClose,
     {.info = 0.05, .warning = 0.5},
     100,
     "TcpExt.TCPAbortOnData",
     "",
     kOpened,
     "connections were reset by close() with SO_LINGER 0, or by data after close()",
     "connections opened",
     "the peer sees ECONNRESET, and loses what it has not read yet",
     "tcptrace names the processes; a load balancer or health check may do so on purpose"},
    // tcp_check_oom(), tcp_out_of_resources()
    {FindingId::kAbortedOnMemory,
     {.warning = 0.0001, .critical = 0.01},
     1,
     "TcpExt.TCPAbortOnMemory",
     "",
     kOpened,
     "connections were ended for lack of memory or because of too many orphans",
     "connections opened",
     "the kernel resets connections that are in order",
     "see net.ipv4.tcp_mem, net.ipv4.tcp_max_orphans, and what keeps the queues full"},
    // tcp_add_backlog()
    {FindingId::kBacklogDrops,
     {.warning = 0.00001, .critical = 0.001},
     100,
     "TcpExt.TCPBacklogDrop",
     "",
     kReceived,
     "segments were dropped because their socket was busy",
     "segments received",
     "a process holds its socket while more comes than its buffers take",
     "raise net.ipv4.tcp_rmem's maximum, or let the process read in larger pieces"},
    // tcp_prune_queue()
    {FindingId::kReceivePruned,
     {.warning = 0.0001, .critical = 0.01},
     100,
     "TcpExt.RcvPruned",
     "",
     kReceived,
     "segments were dropped from full receive queues",
     "segments received",
     "processes read more slowly than data comes, and the buffers overflow",
     "see snapshot's unread bytes for who; raise net.ipv4.tcp_rmem's maximum for bursts"},
    // inet_twsk_alloc()
    {FindingId::kTimeWaitOverflow,
     {.warning = 0.0001, .critical = 0.1},
     10,
     "TcpExt.TCPTimeWaitOverflow",
     "",
     kOpened,
     "connections ended without TIME_WAIT because there were too many",
     "connections opened",
     "late segments of an old connection may hit a new one (RFC 9293, 3.4.3)",
     "raise net.ipv4.tcp_max_tw_buckets, or keep connections open and reuse them"},
});

std::uint64_t counter(const NetnsFacts& netns, std::string_view name) {
  return model::counter_value(netns.counters, name);
}

Count since(const NetnsFacts& now, const NetnsFacts* before, std::string_view name) {
  return count_since(counter(now, name),
                     before == nullptr ? std::nullopt : std::optional(counter(*before, name)));
}

void judge(const CounterRule& rule, const NetnsFacts& now, const NetnsFacts* before,
           Findings& findings) {
  Count count = since(now, before, rule.counted);
  count.value -= std::min(count.value, since(now, before, rule.less).value);
  std::uint64_t whole = 0;
  for (const std::string_view name : rule.whole) {
    whole += since(now, before, name).value;
  }
  const std::uint64_t least =
      count.recent ? std::max<std::uint64_t>(rule.least / 10, 1) : rule.least;
  // What failed at once may be all there was.
  const double share = share_of(count.value, std::max(whole, count.value));
  const auto level = rule.levels.of(share);
  if (count.value < least || !level) {
    return;
  }
  findings.push_back({.id = rule.id,
                      .level = *level,
                      .netns = now.inode,
                      .number = count.value,
                      .limit = {},
                      .percent = 100 * share,
                      .summary = fmt::format("{} {}: {} of {} {} {}", grouped(count.value),
                                             rule.what, percent_text(share),
                                             grouped(std::max(whole, count.value)), rule.of_what,
                                             count.recent ? "meanwhile"
                                             : now.host   ? "since boot"
                                                          : "since the namespace is there"),
                      .why = rule.why,
                      .advice = rule.advice});
}

}  // namespace

void find_in_counters(const FindingInput& input, Findings& findings) {
  for (const NetnsFacts& netns : input.facts.namespaces) {
    const NetnsFacts* const before =
        input.before == nullptr ? nullptr : netns_in(*input.before, netns.inode);
    for (const CounterRule& rule : kCounterRules) {
      judge(rule, netns, before, findings);
    }
  }
}

}  // namespace tcptrace::monitor
