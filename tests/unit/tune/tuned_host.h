// SPDX-License-Identifier: GPL-2.0
// A host on which nothing is wrong, of which a test changes what it is about.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "model/time_wait.h"
#include "tune/tune.h"

namespace tcptrace::tune {

class TunedHost {
 public:
  TunedHost() {
    facts.boot_time = std::chrono::hours(76);
    facts.host = "web1";
    facts.kernel = "6.1.0-18-amd64";
    facts.memory_bytes = 16ULL << 30;
    netns.inode = 4026531840;
    netns.name = "host";
    netns.host = true;
    netns.counters = {{"Tcp.OutSegs", 1'000'000}, {"Tcp.InSegs", 1'000'000}};
    netns.sockstat = model::Sockstat{};
    netns.sysctls = {
        {"net.core.netdev_max_backlog", "1000"},
        {"net.core.rmem_max", "212992"},
        {"net.core.somaxconn", "4096"},
        {"net.core.wmem_max", "212992"},
        {"net.ipv4.ip_local_port_range", "32768 60999"},
        {"net.ipv4.ip_local_reserved_ports", ""},
        {"net.ipv4.tcp_abort_on_overflow", "0"},
        {"net.ipv4.tcp_available_congestion_control", "reno cubic bbr"},
        {"net.ipv4.tcp_congestion_control", "cubic"},
        {"net.ipv4.tcp_ehash_entries", "131072"},
        {"net.ipv4.tcp_fin_timeout", "60"},
        {"net.ipv4.tcp_keepalive_intvl", "75"},
        {"net.ipv4.tcp_keepalive_probes", "9"},
        {"net.ipv4.tcp_keepalive_time", "7200"},
        {"net.ipv4.tcp_max_orphans", "65536"},
        {"net.ipv4.tcp_max_syn_backlog", "1024"},
        {"net.ipv4.tcp_max_tw_buckets", "65536"},
        {"net.ipv4.tcp_mem", "188000 251000 376000"},
        {"net.ipv4.tcp_moderate_rcvbuf", "1"},
        {"net.ipv4.tcp_no_metrics_save", "0"},
        {"net.ipv4.tcp_no_ssthresh_metrics_save", "1"},
        {"net.ipv4.tcp_retries2", "15"},
        {"net.ipv4.tcp_rmem", "4096 131072 6291456"},
        {"net.ipv4.tcp_sack", "1"},
        {"net.ipv4.tcp_syncookies", "1"},
        {"net.ipv4.tcp_timestamps", "1"},
        {"net.ipv4.tcp_tw_reuse", "2"},
        {"net.ipv4.tcp_window_scaling", "1"},
        {"net.ipv4.tcp_wmem", "4096 16384 4194304"},
        {"net.netfilter.nf_conntrack_buckets", "65536"},
        {"net.netfilter.nf_conntrack_max", "65536"},
        {"net.netfilter.nf_conntrack_tcp_timeout_established", "432000"},
        {"net.netfilter.nf_conntrack_tcp_timeout_time_wait", "120"},
    };
    census.emplace();
  }

  void set(std::string_view name, std::string_view value) {
    netns.sysctls.insert_or_assign(std::string(name), std::string(value));
  }
  void remove(std::string_view name) { netns.sysctls.erase(netns.sysctls.find(name)); }
  void count(std::string_view name, std::uint64_t value) {
    netns.counters.insert_or_assign(std::string(name), value);
  }

  model::ListenerCount& listener(std::uint16_t port, std::uint64_t limit,
                                 std::uint64_t backlog = 0) {
    model::ListenerCount one{.netns = netns.inode, .port = port};
    one.limit = limit;
    one.backlog = backlog;
    return census->listeners.emplace_back(one);
  }

  model::PortUse& port_use(std::uint64_t ports, std::uint64_t time_wait) {
    model::PortUse use{.netns = netns.inode, .peer_port = 5432};
    use.local.bytes[0] = use.peer.bytes[0] = 10;
    use.peer.bytes[3] = 7;
    use.ports = ports;
    use.time_wait = time_wait;
    return census->port_use.emplace_back(use);
  }

  void in_state(model::TcpState state, std::uint64_t sockets) {
    model::NetnsCensus of_netns{.netns = netns.inode};
    of_netns.states[static_cast<std::size_t>(state)] = sockets;
    census->namespaces = {of_netns};
  }

  void tracked(std::uint64_t count, std::uint64_t limit) {
    netns.conntrack = model::Conntrack{.count = count, .limit = limit};
    set("net.netfilter.nf_conntrack_max", std::to_string(limit));
  }

  // With ports as a census of this host would have them.
  [[nodiscard]] model::TunePlan plan() const {
    std::optional<model::SocketCensus> counted = census;
    if (counted) {
      for (model::PortUse& use : counted->port_use) {
        use.reused = model::reuses_time_wait(model::time_wait_reuse(netns.sysctls), use);
      }
    }
    return advise({.host = facts,
                   .netns = netns,
                   .census = counted ? &*counted : nullptr,
                   .profile = profile});
  }

  // Empty: it stays.
  [[nodiscard]] std::optional<model::TuneProposal> proposal(std::string_view name) const {
    const model::TunePlan made = plan();
    const auto found = std::ranges::find(made.proposals, name, &model::TuneProposal::name);
    return found == made.proposals.end() ? std::nullopt : std::optional(*found);
  }
  [[nodiscard]] std::string proposed(std::string_view name) const {
    const auto found = proposal(name);
    return found ? found->proposed : "";
  }
  [[nodiscard]] model::TuneBasis basis(std::string_view name) const {
    return proposal(name).value().basis;
  }
  // All of it in one line.
  [[nodiscard]] std::string evidence(std::string_view name) const {
    std::string text;
    for (const std::string& one : proposal(name).value_or(model::TuneProposal{}).evidence) {
      text += text.empty() ? one : "; " + one;
    }
    return text;
  }
  // Why it stays; empty: it does not, or was not looked at.
  [[nodiscard]] std::string kept(std::string_view name) const {
    const model::TunePlan made = plan();
    const auto found = std::ranges::find(made.kept, name, &model::TuneKept::name);
    return found == made.kept.end() ? "" : found->reason;
  }

  model::HostFacts facts;
  model::NetnsFacts netns;
  std::optional<model::SocketCensus> census;
  model::TuneProfile profile = model::TuneProfile::kNone;
};

}  // namespace tcptrace::tune
