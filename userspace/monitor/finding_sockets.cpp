// SPDX-License-Identifier: GPL-2.0
// Findings in the sockets themselves: queues of listeners, connections that nobody closes, ports
// that run out.
#include <algorithm>
#include <chrono>
#include <string>

#include "monitor/finding_rules.h"

namespace tcptrace::monitor {
namespace {

using model::CloseWaitSuspect;
using model::ListenerCount;
using model::PortUse;

std::string process_text(const model::Process& process) {
  return process.pid == 0 ? "no known process"
                          : fmt::format("pid {} ({})", process.pid, process.comm_view());
}

// A few that wait are a burst that accept() has not come to yet.
constexpr std::uint64_t kLeastWaiting = 8;

void find_in_accept_queue(const ListenerCount& listener, Findings& findings) {
  const bool full = model::accept_queue_full(static_cast<std::uint32_t>(listener.backlog),
                                             static_cast<std::uint32_t>(listener.limit));
  const double share = share_of(listener.backlog, listener.limit);
  if (!full && (share < 0.8 || listener.backlog < kLeastWaiting)) {
    return;
  }
  Finding finding{
      .id = full ? FindingId::kListenerQueueFull : FindingId::kListenerQueueFilling,
      .level = full ? FindingLevel::kCritical : FindingLevel::kWarning,
      .netns = listener.netns,
      .subject = fmt::format("{}, {}",
                             model::endpoint_text(listener.family, listener.address, listener.port),
                             process_text(listener.process)),
      .number = listener.backlog,
      .limit = listener.limit,
      .percent = 100 * share,
      .summary = fmt::format("{} wait to be accepted, and the queue is full beyond {}",
                             counted(listener.backlog, "connection"), grouped(listener.limit))};
  // sk_acceptq_is_full() in tcp_conn_request() and tcp_v4_syn_recv_sock().
  finding.why = full ? "the kernel drops new handshakes for it: clients wait for seconds, then "
                       "time out"
                     : "when it is full the kernel drops new handshakes: clients wait for seconds";
  finding.advice =
      "see why the process does not accept: blocked, too few workers, out of file descriptors; "
      "for bursts raise its listen() backlog and net.core.somaxconn";
  findings.push_back(std::move(finding));
}

auto socket_of(const ListenerCount& listener) {
  return std::tie(listener.netns, listener.family, listener.address, listener.port);
}

// Requests are bounded by the listener's backlog too: inet_csk_reqsk_queue_is_full(). Of those that
// share a port (SO_REUSEPORT) nothing tells which has them: all have room for them together.
void find_in_syn_queue(const std::vector<ListenerCount>& listeners, const ListenerCount& listener,
                       Findings& findings) {
  constexpr std::uint64_t kLeast = 64;
  if (listener.syn_recv < kLeast) {
    return;
  }
  const auto shares = [&listener](const ListenerCount& other) {
    return socket_of(other) == socket_of(listener);
  };
  if (&*std::ranges::find_if(listeners, shares) != &listener) {
    return;
  }
  std::uint64_t room = 0;
  for (const ListenerCount& other : listeners) {
    room += shares(other) ? other.limit : 0;
  }
  const double share = share_of(listener.syn_recv, room);
  if (share < 0.8) {
    return;
  }
  findings.push_back(
      {.id = FindingId::kSynQueueFilling,
       .level = FindingLevel::kWarning,
       .netns = listener.netns,
       .subject = fmt::format(
           "{}, {}", model::endpoint_text(listener.family, listener.address, listener.port),
           process_text(listener.process)),
       .number = listener.syn_recv,
       .limit = room,
       .percent = 100 * share,
       .summary = fmt::format("{} in SYN_RECV, with room for {}",
                              counted(listener.syn_recv, "handshake"), grouped(room)),
       .why = "beyond it SYNs are answered with cookies, or dropped",
       .advice = "look where they come from (tcptrace snapshot --state syn_recv): a SYN flood, or "
                 "clients to which the SYN-ACK does not get"});
}

// CLOSE_WAIT ends with this side's close() alone (RFC 9293, 3.6): no timer of the kernel's does.
void find_leak(const CloseWaitSuspect& suspect, Findings& findings) {
  constexpr std::uint64_t kLeast = 10;
  constexpr std::uint64_t kMany = 500;
  constexpr auto kLong = std::chrono::minutes(1);
  if (suspect.connections < kLeast || suspect.at_least < kLong) {
    return;
  }
  const std::string end = model::endpoint_text(suspect.family, suspect.peer, suspect.port);
  findings.push_back(
      {.id = FindingId::kCloseWaitLeak,
       .level = suspect.connections >= kMany ? FindingLevel::kCritical : FindingLevel::kWarning,
       .netns = suspect.netns,
       .subject = suspect.server
                      ? fmt::format("{}, port {} from {}", process_text(suspect.process),
                                    suspect.port, model::address_text(suspect.family, suspect.peer))
                      : fmt::format("{}, to {}", process_text(suspect.process), end),
       .number = suspect.connections,
       .summary = fmt::format("{} in CLOSE_WAIT, the oldest for at least {}",
                              counted(suspect.connections, "connection"),
                              human_duration(suspect.at_least)),
       .why = "the peer has closed and the process has not: each holds a descriptor until it "
              "does, or until there are none left",
       .advice = "close what read() returned 0 of; a pool has to check a connection before it "
                 "reuses or keeps it"});
}

// __inet_hash_connect(): EADDRNOTAVAIL when no port of the range is left for these ends.
void find_short_ports(const PortUse& use, Findings& findings) {
  const std::uint64_t taken = model::ports_taken(use);
  const double share = share_of(taken, use.available);
  const auto level = Levels{.warning = 0.8, .critical = 0.95}.of(share);
  if (!level) {
    return;
  }
  findings.push_back(
      {.id = FindingId::kLocalPortsShort,
       .level = *level,
       .netns = use.netns,
       .subject = fmt::format("{} to {}", model::address_text(use.family, use.local),
                              model::endpoint_text(use.family, use.peer, use.peer_port)),
       .number = taken,
       .limit = use.available,
       .percent = 100 * share,
       .summary =
           fmt::format("{} of {} local ports are taken ({}), {} by TIME_WAIT", grouped(taken),
                       grouped(use.available), percent_text(share), grouped(taken - use.ports)),
       .why = "without a free one connect() fails with EADDRNOTAVAIL, and finding one of the last "
              "takes long",
       .advice = taken - use.ports > use.ports
                     ? "keep connections open and reuse them; tcp_tw_reuse 1 lets new ones have "
                       "the ports of TIME_WAIT"
                     : "keep connections open and reuse them, use more local addresses or more "
                       "ports of the peer, or widen net.ipv4.ip_local_port_range"});
}

}  // namespace

void find_in_sockets(const FindingInput& input, Findings& findings) {
  for (const ListenerCount& listener : input.census.listeners) {
    find_in_accept_queue(listener, findings);
    find_in_syn_queue(input.census.listeners, listener, findings);
  }
  for (const CloseWaitSuspect& suspect : input.census.close_wait) {
    find_leak(suspect, findings);
  }
  for (const PortUse& use : input.census.port_use) {
    find_short_ports(use, findings);
  }
}

}  // namespace tcptrace::monitor
