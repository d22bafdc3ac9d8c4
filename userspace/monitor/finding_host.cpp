// SPDX-License-Identifier: GPL-2.0
// Findings in what a host has of memory, interfaces, CPUs and connection tracking.
#include <algorithm>
#include <string>

#include "model/sysctls.h"
#include "monitor/finding_rules.h"

namespace tcptrace::monitor {
namespace {

using model::HostFacts;
using model::Interface;
using model::NetnsFacts;

// Limits of the whole host: only the namespace that the machine booted with has the settings.
template <std::size_t N>
std::optional<std::array<std::uint64_t, N>> host_setting(const HostFacts& facts,
                                                         std::string_view name) {
  for (const NetnsFacts& netns : facts.namespaces) {
    if (auto numbers = model::sysctl_numbers<N>(netns.sysctls, name)) {
      return numbers;
    }
  }
  return std::nullopt;
}

// What `level` says of `number`, which is bounded by `limit`.
Finding bounded(FindingId id, FindingLevel level, std::uint64_t number, std::uint64_t limit) {
  return {.id = id,
          .level = level,
          .number = number,
          .limit = limit,
          .percent = 100 * share_of(number, limit)};
}

// inet_twsk_alloc() refuses beyond.
void find_in_time_wait(const NetnsFacts& netns, Findings& findings) {
  const std::uint64_t limit =
      model::sysctl_number(netns.sysctls, "net.ipv4.tcp_max_tw_buckets").value_or(0);
  const std::uint64_t number = netns.sockstat ? netns.sockstat->time_wait : 0;
  const auto level = Levels{.warning = 0.8}.of(share_of(number, limit));
  if (!level) {
    return;
  }
  Finding finding = bounded(FindingId::kTimeWaitLimit, *level, number, limit);
  finding.netns = netns.inode;
  finding.summary =
      fmt::format("{} in TIME_WAIT, of {} that may be", grouped(number), grouped(limit));
  finding.why =
      "beyond it connections end without TIME_WAIT: late segments may hit new ones (RFC 9293, "
      "3.4.3)";
  finding.advice = "keep connections open and reuse them, or raise net.ipv4.tcp_max_tw_buckets";
  findings.push_back(std::move(finding));
}

// sk_stream_memory_free() and tcp_check_oom(): min, pressure and max in pages.
void find_in_memory(const HostFacts& facts, std::uint64_t pages, Findings& findings) {
  const auto limits = host_setting<3>(facts, "net.ipv4.tcp_mem");
  if (!limits || (*limits)[2] == 0 || pages < (*limits)[1]) {
    return;
  }
  const std::uint64_t most = (*limits)[2];
  Finding finding = bounded(
      FindingId::kTcpMemory,
      10 * pages >= 9 * most ? FindingLevel::kCritical : FindingLevel::kWarning, pages, most);
  finding.summary = fmt::format("TCP has {} of memory: pressure begins at {}, and {} is the end",
                                human_bytes(pages * facts.page_bytes),
                                human_bytes((*limits)[1] * facts.page_bytes),
                                human_bytes(most * facts.page_bytes));
  finding.why = "windows shrink and queues are pruned; at the end of it connections are reset";
  finding.advice =
      "look for full queues (tcptrace snapshot: RECV-Q, SEND-Q), then raise net.ipv4.tcp_mem";
  findings.push_back(std::move(finding));
}

// tcp_too_many_orphans(): one that makes trouble counts up to four times.
void find_in_orphans(const HostFacts& facts, std::uint64_t orphans, Findings& findings) {
  const auto limit = host_setting<1>(facts, "net.ipv4.tcp_max_orphans");
  const auto level =
      Levels{.warning = 0.5, .critical = 0.9}.of(share_of(orphans, limit ? limit->front() : 0));
  if (!level) {
    return;
  }
  Finding finding = bounded(FindingId::kOrphans, *level, orphans, limit->front());
  finding.summary = fmt::format(
      "{} that no process holds are still sending or closing, of {} "
      "that may be",
      counted(orphans, "connection"), grouped(limit->front()));
  finding.why = "beyond it the kernel resets connections that were just closed";
  finding.advice =
      "look for peers that do not take what was sent to them; net.ipv4.tcp_orphan_retries and "
      "tcp_fin_timeout say how long they stay";
  findings.push_back(std::move(finding));
}

struct PacketRule {
  FindingId id;
  double warning;
  std::uint64_t least;
  std::uint64_t Interface::*counted;
  std::uint64_t Interface::*of;
  std::string_view what;
  std::string_view why;
  std::string_view advice;
};
constexpr std::string_view kErrorsWhy =
    "frames came damaged or were lost in the device: TCP sends them again, and slows down";
constexpr std::string_view kErrorsAdvice =
    "see ethtool -S: cable, optics, duplex, driver, or the ring of the device";
constexpr auto kPacketRules = std::to_array<PacketRule>({
    {FindingId::kInterfaceErrors, 0.0001, 100, &Interface::rx_errors, &Interface::rx_packets,
     "packets were received with errors", kErrorsWhy, kErrorsAdvice},
    {FindingId::kInterfaceErrors, 0.0001, 100, &Interface::tx_errors, &Interface::tx_packets,
     "packets could not be sent",
     "the device did not take them: TCP sends them again, and slows down",
     "of a tunnel: see its route, peer and key; else see ethtool -S: cable, duplex, driver"},
    {FindingId::kInterfaceErrors, 0.0001, 100, &Interface::rx_overruns, &Interface::rx_packets,
     "packets came when the device had no room", kErrorsWhy,
     "enlarge the device's ring (ethtool -G), or spread its interrupts over more CPUs"},
    // Unknown protocols and VLANs count as dropped too, so that a few are everywhere.
    {FindingId::kInterfaceDrops, 0.01, 1000, &Interface::rx_dropped, &Interface::rx_packets,
     "packets that came were dropped", "TCP sends them again, and slows down",
     "see ethtool -S and net/softnet_stat: the host does not keep up, or the packets are of a "
     "protocol or VLAN that nobody wants"},
    {FindingId::kInterfaceDrops, 0.001, 100, &Interface::tx_dropped, &Interface::tx_packets,
     "packets were dropped on their way out", "TCP sends them again, and slows down",
     "see tc -s qdisc: the queue of the interface is too short for the load"},
});

void find_in_interface(const NetnsFacts& netns, const Interface& now, const Interface* before,
                       Findings& findings) {
  for (const PacketRule& rule : kPacketRules) {
    const auto since = [&](std::uint64_t Interface::*member) {
      return count_since(now.*member,
                         before == nullptr ? std::nullopt : std::optional(before->*member));
    };
    const Count count = since(rule.counted);
    const std::uint64_t whole = std::max(since(rule.of).value, count.value);
    const std::uint64_t least =
        count.recent ? std::max<std::uint64_t>(rule.least / 10, 1) : rule.least;
    if (count.value < least || share_of(count.value, whole) < rule.warning) {
      continue;
    }
    findings.push_back({.id = rule.id,
                        .level = FindingLevel::kWarning,
                        .netns = netns.inode,
                        .subject = now.name,
                        .number = count.value,
                        .limit = {},
                        .percent = 100 * share_of(count.value, whole),
                        .summary = fmt::format("{} {}, {} of {}{}", grouped(count.value), rule.what,
                                               percent_text(share_of(count.value, whole)),
                                               grouped(whole), count.recent ? ", meanwhile" : ""),
                        .why = rule.why,
                        .advice = rule.advice});
  }
}

void find_in_interfaces(const FindingInput& input, const NetnsFacts& netns, Findings& findings) {
  const NetnsFacts* const before =
      input.before == nullptr ? nullptr : netns_in(*input.before, netns.inode);
  for (const Interface& interface : netns.interfaces) {
    const Interface* earlier = nullptr;
    if (before != nullptr) {
      const auto found = std::ranges::find(before->interfaces, interface.name, &Interface::name);
      earlier = found == before->interfaces.end() ? nullptr : &*found;
    }
    find_in_interface(netns, interface, earlier, findings);
  }
}

// Each CPU's counters go round at 2^32. Empty: not of the same CPUs.
std::optional<model::Softnet> softnet_growth(const model::Softnet& before,
                                             const model::Softnet& now) {
  if (before.each.size() != now.each.size()) {
    return std::nullopt;
  }
  model::Softnet growth{.cpus = now.cpus};
  for (std::size_t i = 0; i < now.each.size(); ++i) {
    growth.processed += now.each[i].processed - before.each[i].processed;
    growth.dropped += now.each[i].dropped - before.each[i].dropped;
    growth.time_squeeze += now.each[i].time_squeeze - before.each[i].time_squeeze;
  }
  return growth;
}

// enqueue_to_backlog() and net_rx_action() in net/core/dev.c.
void find_in_softnet(const FindingInput& input, Findings& findings) {
  if (!input.facts.softnet) {
    return;
  }
  // What they are since boot tells nothing: 32 bits begin anew every hour of a busy CPU.
  const auto growth = input.before != nullptr && input.before->softnet
                          ? softnet_growth(*input.before->softnet, *input.facts.softnet)
                          : std::nullopt;
  if (!growth) {
    return;
  }
  const auto add = [&](FindingId id, FindingLevel level, std::uint64_t count,
                       std::string_view what) {
    findings.push_back({.id = id,
                        .level = level,
                        .number = count,
                        .limit = {},
                        .percent = 100 * share_of(count, growth->processed + growth->dropped),
                        .summary = fmt::format("{} {}, of {} packets meanwhile", grouped(count),
                                               what, grouped(growth->processed))});
    return &findings.back();
  };
  if (growth->dropped >= 10 &&
      share_of(growth->dropped, growth->processed + growth->dropped) >= 0.00001) {
    Finding* const finding = add(FindingId::kSoftnetDrops, FindingLevel::kWarning, growth->dropped,
                                 "packets were dropped because a CPU's queue was full");
    finding->why = "what came is lost before TCP sees it, and has to be sent again";
    finding->advice =
        "spread packets over more CPUs (RSS, RPS), or raise net.core.netdev_max_backlog";
  }
  if (growth->time_squeeze >= 100 && share_of(growth->time_squeeze, growth->processed) >= 0.001) {
    Finding* const finding =
        add(FindingId::kSoftnetSqueezed, FindingLevel::kInfo, growth->time_squeeze,
            "times a CPU left packets for later: its budget was spent");
    finding->why = "latency grows before anything is dropped";
    finding->advice =
        "spread packets over more CPUs (RSS, RPS), or raise net.core.netdev_budget and "
        "netdev_budget_usecs";
  }
}

// __nf_conntrack_alloc(): "nf_conntrack: table full, dropping packet".
void find_in_conntrack(const FindingInput& input, const NetnsFacts& netns, Findings& findings) {
  if (!netns.conntrack) {
    return;
  }
  const model::Conntrack& now = *netns.conntrack;
  constexpr std::string_view kAdvice =
      "raise net.netfilter.nf_conntrack_max, shorten its timeouts, or exempt traffic that needs no "
      "tracking (notrack)";
  if (const auto level =
          Levels{.warning = 0.8, .critical = 0.95}.of(share_of(now.count, now.limit))) {
    Finding finding = bounded(FindingId::kConntrackFull, *level, now.count, now.limit);
    finding.netns = netns.inode;
    finding.summary =
        fmt::format("{} are tracked, of {} that may be ({})", counted(now.count, "connection"),
                    grouped(now.limit), percent_text(share_of(now.count, now.limit)));
    finding.why = "when the table is full the packets of new connections are dropped";
    finding.advice = kAdvice;
    findings.push_back(std::move(finding));
  }
  const NetnsFacts* const before =
      input.before == nullptr ? nullptr : netns_in(*input.before, netns.inode);
  const bool again = before != nullptr && before->conntrack;
  const Count drops = count_since(
      now.without_room(), again ? std::optional(before->conntrack->without_room()) : std::nullopt);
  if (drops.value >= (drops.recent ? 1U : 10U)) {
    findings.push_back(
        {.id = FindingId::kConntrackDrops,
         .level = FindingLevel::kWarning,
         .netns = netns.inode,
         .number = drops.value,
         .limit = {},
         .percent = {},
         .summary = fmt::format("{} had no room in the table of tracked connections{}",
                                counted(drops.value, "packet"), drops.recent ? ", meanwhile" : ""),
         .why = "a new connection was dropped, or had to push out another one",
         .advice = kAdvice});
  }
}

}  // namespace

void find_in_host(const FindingInput& input, Findings& findings) {
  for (const NetnsFacts& netns : input.facts.namespaces) {
    find_in_time_wait(netns, findings);
    find_in_interfaces(input, netns, findings);
    find_in_conntrack(input, netns, findings);
  }
  // Memory and orphans are the host's in whichever namespace they are read.
  for (const NetnsFacts& netns : input.facts.namespaces) {
    if (netns.sockstat) {
      find_in_memory(input.facts, netns.sockstat->memory_pages, findings);
      find_in_orphans(input.facts, netns.sockstat->orphan, findings);
      break;
    }
  }
  find_in_softnet(input, findings);
}

}  // namespace tcptrace::monitor
