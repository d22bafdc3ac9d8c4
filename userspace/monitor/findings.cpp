// SPDX-License-Identifier: GPL-2.0
#include "monitor/findings.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <tuple>

#include "model/sysctls.h"
#include "monitor/finding_rules.h"

namespace tcptrace::monitor {
namespace {

// Of net/snmp and net/netstat, what tells of trouble and what it is measured by.
constexpr auto kCounters = std::to_array<std::string_view>({
    "Tcp.ActiveOpens",
    "Tcp.PassiveOpens",
    "Tcp.AttemptFails",
    "Tcp.EstabResets",
    "Tcp.InSegs",
    "Tcp.OutSegs",
    "Tcp.RetransSegs",
    "Tcp.InErrs",
    "Tcp.InCsumErrors",
    "Tcp.OutRsts",
    "TcpExt.ListenOverflows",
    "TcpExt.ListenDrops",
    "TcpExt.TCPReqQFullDrop",
    "TcpExt.TCPReqQFullDoCookies",
    "TcpExt.SyncookiesSent",
    "TcpExt.SyncookiesFailed",
    "TcpExt.TCPAbortOnData",
    "TcpExt.TCPAbortOnClose",
    "TcpExt.TCPAbortOnMemory",
    "TcpExt.TCPAbortOnTimeout",
    "TcpExt.TCPAbortOnLinger",
    "TcpExt.TCPAbortFailed",
    "TcpExt.TCPTimeouts",
    "TcpExt.TCPLossProbes",
    "TcpExt.TCPSpuriousRTOs",
    "TcpExt.TCPSynRetrans",
    "TcpExt.TCPBacklogDrop",
    "TcpExt.PFMemallocDrop",
    "TcpExt.TCPRcvQDrop",
    "TcpExt.PruneCalled",
    "TcpExt.RcvPruned",
    "TcpExt.TCPRcvCollapsed",
    "TcpExt.TCPMemoryPressures",
    "TcpExt.TCPTimeWaitOverflow",
    "TcpExt.TCPOFOQueue",
    "TcpExt.TCPOFODrop",
    "TcpExt.TCPZeroWindowDrop",
    "TcpExt.TCPFastRetrans",
    "TcpExt.TCPSlowStartRetrans",
    "TcpExt.TCPLostRetransmit",
    "TcpExt.TCPDSACKRecv",
    "TcpExt.PAWSEstab",
});

}  // namespace

std::vector<model::CounterFact> counters_that_matter(const model::HostFacts& facts,
                                                     const model::HostFacts* before) {
  std::vector<model::CounterFact> result;
  const double uptime = std::chrono::duration<double>(facts.boot_time).count();
  for (const model::NetnsFacts& netns : facts.namespaces) {
    const model::NetnsFacts* const earlier =
        before == nullptr ? nullptr : netns_in(*before, netns.inode);
    for (const std::string_view name : kCounters) {
      const auto found = netns.counters.find(name);
      if (found == netns.counters.end() || found->second == 0) {
        continue;
      }
      model::CounterFact fact{.netns = netns.inode, .name = name, .total = found->second};
      if (netns.host && uptime > 0) {
        fact.per_second = static_cast<double>(fact.total) / uptime;
      }
      if (earlier != nullptr) {
        const Count since = count_since(fact.total, model::counter_value(earlier->counters, name));
        if (since.recent) {
          fact.recent = since.value;
        }
      }
      result.push_back(fact);
    }
  }
  return result;
}

std::vector<Finding> find(const FindingInput& input) {
  Findings findings;
  find_in_sockets(input, findings);
  find_in_counters(input, findings);
  find_in_host(input, findings);
  find_in_settings(input, findings);
  std::ranges::stable_sort(findings, [](const Finding& a, const Finding& b) {
    return std::tuple(b.level, a.id) < std::tuple(a.level, b.id);
  });
  return findings;
}

}  // namespace tcptrace::monitor
