// SPDX-License-Identifier: GPL-2.0
// Local ports of connections that this host makes, and what TIME_WAIT holds of them.
#include <algorithm>
#include <array>
#include <bitset>

#include "base/parse.h"
#include "base/text.h"
#include "model/local_ports.h"
#include "tune/rule.h"
#include "tune/rule_words.h"

namespace tcptrace::tune {
namespace {

using model::LocalPortRange;
using model::LocalPorts;
using model::PortUse;
using model::TuneProfile;

constexpr std::string_view kRange = "net.ipv4.ip_local_port_range";
constexpr std::string_view kReserved = "net.ipv4.ip_local_reserved_ports";
constexpr std::string_view kTwReuse = "net.ipv4.tcp_tw_reuse";
constexpr std::string_view kTwRecycle = "net.ipv4.tcp_tw_recycle";
constexpr std::string_view kTwBuckets = "net.ipv4.tcp_max_tw_buckets";

constexpr std::uint32_t kProxyPorts = 50'000;
constexpr std::size_t kShownPorts = 5;

// One even, one odd: connect() prefers the parity of the first, bind() the other.
constexpr auto kRanges =
    std::to_array<LocalPortRange>({{20000, 60999}, {10240, 65535}, {1024, 65535}});

std::string range_text(LocalPortRange range) { return fmt::format("{} {}", range.low, range.high); }

// The peer towards which the largest share of ports is taken; null: nobody was looked at.
const PortUse* fullest(const View& view) {
  if (view.census() == nullptr) {
    return nullptr;
  }
  const auto& all = view.census()->port_use;
  const auto found = std::ranges::find(all, view.netns().inode, &PortUse::netns);
  return found == all.end() ? nullptr : &*found;
}

bool scarce(std::uint64_t taken, std::uint64_t available) { return taken * 5 >= available * 4; }

std::string use_text(const PortUse& use, std::uint64_t available) {
  std::string peer;
  const std::span<const std::uint8_t, 16> bytes(use.peer.bytes);
  if (use.family == model::Family::kIpv4) {
    append_address(peer, bytes.first<4>());
  } else {
    append_address(peer, bytes);
  }
  return fmt::format("{} local ports taken and {} in TIME_WAIT towards {}, of {}",
                     grouped(use.ports), grouped(use.time_wait), host_and_port(peer, use.peer_port),
                     grouped(available));
}

// What tcp_tw_reuse would free is not worth a wider range.
bool reuse_helps(const View& view, const PortUse& use, std::uint64_t available) {
  return !use.reused && !view.is_number("net.ipv4.tcp_timestamps", 0) && view.number(kTwReuse) &&
         !scarce(use.ports, available);
}

struct Wider {
  LocalPortRange range;
  const PortUse* use = nullptr;  // null: of the profile
};

std::optional<LocalPortRange> next_range(const LocalPorts& now, std::uint64_t taken) {
  std::optional<LocalPortRange> widest;
  for (const LocalPortRange& range : kRanges) {
    if (range.high - range.low <= now.high - now.low || range.low > now.low ||
        range.high < now.high) {
      continue;
    }
    widest = range;
    if (taken * 2 <= static_cast<std::uint64_t>(range.high - range.low) + 1) {
      break;
    }
  }
  return widest;
}

std::optional<Wider> wider_range(const View& view) {
  const LocalPorts now = model::local_ports(view.netns().sysctls);
  if (const PortUse* const use = fullest(view)) {
    const std::uint64_t taken = model::ports_taken(*use);
    if (scarce(taken, now.available()) && !reuse_helps(view, *use, now.available())) {
      const auto range = next_range(now, taken);
      return range ? std::optional(Wider{*range, use}) : std::nullopt;
    }
  }
  if (view.is(TuneProfile::kProxy) && now.high - now.low + 1U < kProxyPorts) {
    const auto range = next_range(now, kProxyPorts / 2);
    return range ? std::optional(Wider{*range}) : std::nullopt;
  }
  return std::nullopt;
}

using Ports = std::bitset<65536>;

Ports reserved_ports(const View& view) {
  Ports ports;
  for (const LocalPortRange& range : model::reserved_ports(view.netns().sysctls)) {
    for (std::size_t port = range.low; port <= range.high; ++port) {
      ports.set(port);
    }
  }
  return ports;
}

// As the kernel prints its list.
std::string ports_text(const Ports& ports) {
  std::string text;
  for (std::size_t low = 0; low < ports.size(); ++low) {
    if (!ports.test(low)) {
      continue;
    }
    std::size_t high = low;
    while (high + 1 < ports.size() && ports.test(high + 1)) {
      ++high;
    }
    text += text.empty() ? "" : ",";
    text += low == high ? fmt::format("{}", low) : fmt::format("{}-{}", low, high);
    low = high;
  }
  return text;
}

// Ports of listeners that the wider range would take in and that nothing keeps free.
std::vector<std::uint16_t> taken_in(const View& view, LocalPortRange range) {
  std::vector<std::uint16_t> ports;
  if (view.census() == nullptr) {
    return ports;
  }
  const LocalPorts now = model::local_ports(view.netns().sysctls);
  const Ports reserved = reserved_ports(view);
  for (const model::ListenerCount& one : view.census()->listeners) {
    if (one.netns == view.netns().inode && range.contains(one.port) && !now.contains(one.port) &&
        !reserved.test(one.port)) {
      ports.push_back(one.port);
    }
  }
  std::ranges::sort(ports);
  const auto same = std::ranges::unique(ports);
  ports.erase(same.begin(), same.end());
  return ports;
}

std::string listed(const std::vector<std::uint16_t>& ports) {
  std::string text;
  for (std::size_t i = 0; i < std::min(ports.size(), kShownPorts); ++i) {
    text += fmt::format("{}:{}", i == 0 ? "" : ", ", ports[i]);
  }
  return ports.size() > kShownPorts
             ? fmt::format("{} and {} more", text, ports.size() - kShownPorts)
             : text;
}

std::string range_risk(const View& view, LocalPortRange range) {
  const std::string rest =
      "A server that starts later may find its port taken by a connection, unless it is in "
      "ip_local_reserved_ports.";
  if (view.census() == nullptr) {
    return "The listeners could not be looked at. " + rest;
  }
  const auto ports = taken_in(view, range);
  return ports.empty()
             ? "No listener has a port in it that is not reserved now. " + rest
             : fmt::format("It takes in the ports of listeners: {}. {}", listed(ports), rest);
}

Opinion judge_range(const View& view) {
  const LocalPorts now = model::local_ports(view.netns().sysctls);
  const auto wider = wider_range(view);
  const PortUse* const use = fullest(view);
  if (wider && wider->use != nullptr) {
    std::vector<std::string> evidence{use_text(*wider->use, now.available())};
    if (now.reserved != 0) {
      evidence.push_back(fmt::format("{} ports of the range are reserved", grouped(now.reserved)));
    }
    return {.proposed = range_text(wider->range),
            .evidence = std::move(evidence),
            .reason = "When all are taken, connect() to that peer fails with EADDRNOTAVAIL.",
            .risk = range_risk(view, wider->range)};
  }
  if (wider) {
    return general_advice(range_text(wider->range),
                          "A proxy has one local port for each connection to a backend.",
                          range_risk(view, wider->range));
  }
  if (view.census() == nullptr) {
    return stays("the sockets could not be listed");
  }
  if (use == nullptr) {
    return stays("this host makes no connections from it");
  }
  const std::string text = use_text(*use, now.available());
  return stays(!scarce(model::ports_taken(*use), now.available()) ? text
               : reuse_helps(view, *use, now.available())
                   ? text + ": tcp_tw_reuse is the better help"
                   : text +
                         ": it cannot be widened further; use more addresses, or fewer "
                         "connections");
}

Opinion judge_reserved(const View& view) {
  const auto wider = wider_range(view);
  const auto ports = wider ? taken_in(view, wider->range) : std::vector<std::uint16_t>();
  if (ports.empty()) {
    return stays("no wider range would take in the port of a listener");
  }
  Ports reserved = reserved_ports(view);
  for (const std::uint16_t port : ports) {
    reserved.set(port);
  }
  return {.proposed = ports_text(reserved),
          .evidence = {fmt::format("listeners on {}, which the wider ip_local_port_range takes in",
                                   listed(ports))},
          .reason = "Reserved ports are not given to connections, so these servers can restart.",
          .risk = "None known; ports of servers that are not running now are not in it."};
}

Opinion judge_tw_reuse(const View& view) {
  const auto current = view.number(kTwReuse);
  if (!current) {
    return not_understood();
  }
  if (*current == 1) {
    return stays("on: a port in TIME_WAIT serves a new connection to the same peer after a second");
  }
  if (view.is_number("net.ipv4.tcp_timestamps", 0)) {
    return stays("without effect while tcp_timestamps is 0");
  }
  const std::string risk =
      "Rests on timestamps at both ends; a peer behind a device that strips or rewrites them may "
      "refuse the new connection. Does nothing for a server's side of a connection.";
  const std::uint64_t available = model::local_ports(view.netns().sysctls).available();
  if (const PortUse* const use = fullest(view); use != nullptr && use->time_wait != 0 &&
                                                !use->reused &&
                                                scarce(model::ports_taken(*use), available)) {
    return {.proposed = "1",
            .evidence = {use_text(*use, available)},
            .reason =
                "Ports in TIME_WAIT are kept for 60 s; with it a new connection to the same "
                "peer may take one after a second.",
            .risk = risk};
  }
  if (view.is(TuneProfile::kProxy)) {
    return general_advice("1",
                          "A proxy that closes its connections to backends holds a port for "
                          "60 s after each.",
                          risk);
  }
  return stays("TIME_WAIT takes no ports that are missing");
}

Opinion judge_tw_recycle(const View& view) {
  const auto* const harm = model::harmful_setting(view.netns().sysctls, kTwRecycle);
  if (harm == nullptr) {
    return view.number(kTwRecycle) ? stays("off") : not_understood();
  }
  std::vector<std::string> evidence;
  view.add_counter(evidence, "TcpExt.PAWSPassive");
  return mend(view, *harm, std::move(evidence), "None: more sockets in TIME_WAIT.");
}

Opinion judge_tw_buckets(const View& view) {
  const auto current = view.number(kTwBuckets);
  if (!current) {
    return not_understood();
  }
  std::vector<std::string> evidence;
  view.add_counter(evidence, "TcpExt.TCPTimeWaitOverflow");
  const std::string reason =
      "Beyond it connections are forgotten without TIME_WAIT, which keeps late segments of one "
      "connection out of the next.";
  const std::string risk = "About 256 bytes each.";
  // Negative where a namespace uses the table of the host.
  std::string_view entries = view.text("net.ipv4.tcp_ehash_entries");
  entries.remove_prefix(entries.starts_with('-') ? 1 : 0);
  const auto usual = parse_number<std::uint64_t>(entries);
  if (usual && *current < *usual / 2) {
    return put_back(view, kTwBuckets, fmt::format("{}", *usual / 2), std::move(evidence), reason,
                    risk);
  }
  const auto& sockstat = view.netns().sockstat;
  if (!evidence.empty() && sockstat && scarce(sockstat->time_wait, *current)) {
    evidence.push_back(
        fmt::format("{} in TIME_WAIT now, of {}", grouped(sockstat->time_wait), grouped(*current)));
    return {.proposed = fmt::format("{}", *current * 2),
            .evidence = std::move(evidence),
            .reason = reason,
            .risk = risk};
  }
  return stays(evidence.empty() ? "was never reached"
                                : evidence.front() + ", but it is not nearly reached now");
}

constexpr std::array kPortRules = {
    Rule{kRange, judge_range, kIpSysctl},
    Rule{kReserved, judge_reserved, kIpSysctl},
    Rule{kTwReuse, judge_tw_reuse,
         "Documentation/networking/ip-sysctl.rst; RFC 6191; tcp_twsk_unique() in "
         "net/ipv4/tcp_ipv4.c"},
    Rule{kTwRecycle, judge_tw_recycle, "commit 4396e46187ca \"tcp: remove tcp_tw_recycle\" (v4.12)",
         true},
    Rule{kTwBuckets, judge_tw_buckets, kIpSysctl},
};

}  // namespace

std::span<const Rule> port_rules() { return kPortRules; }

}  // namespace tcptrace::tune
