// SPDX-License-Identifier: GPL-2.0
#include "host/host_facts.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>

#include <fmt/core.h>

#include "base/clock.h"
#include "host/conntrack.h"
#include "host/kernel_counters.h"
#include "host/net_dev.h"
#include "host/netns_reader.h"
#include "host/procfs.h"
#include "host/sockstat.h"
#include "host/softnet.h"
#include "host/sysctl.h"

namespace tcptrace::host {
namespace {

namespace fs = std::filesystem;
using model::HostFacts;
using model::NetnsFacts;

constexpr auto kSysctls = std::to_array<std::string_view>({
    "net.core.default_qdisc",
    "net.core.netdev_budget",
    "net.core.netdev_budget_usecs",
    "net.core.netdev_max_backlog",
    "net.core.optmem_max",
    "net.core.rmem_default",
    "net.core.rmem_max",
    "net.core.somaxconn",
    "net.core.wmem_default",
    "net.core.wmem_max",
    "net.ipv4.ip_local_port_range",
    "net.ipv4.ip_local_reserved_ports",
    "net.ipv4.tcp_abort_on_overflow",
    "net.ipv4.tcp_available_congestion_control",
    "net.ipv4.tcp_congestion_control",
    "net.ipv4.tcp_ecn",
    "net.ipv4.tcp_fastopen",
    "net.ipv4.tcp_fin_timeout",
    "net.ipv4.tcp_keepalive_intvl",
    "net.ipv4.tcp_keepalive_probes",
    "net.ipv4.tcp_keepalive_time",
    "net.ipv4.tcp_max_orphans",
    "net.ipv4.tcp_max_syn_backlog",
    "net.ipv4.tcp_max_tw_buckets",
    "net.ipv4.tcp_mem",
    "net.ipv4.tcp_moderate_rcvbuf",
    "net.ipv4.tcp_mtu_probing",
    "net.ipv4.tcp_no_metrics_save",
    "net.ipv4.tcp_notsent_lowat",
    "net.ipv4.tcp_orphan_retries",
    "net.ipv4.tcp_retries1",
    "net.ipv4.tcp_retries2",
    "net.ipv4.tcp_rmem",
    "net.ipv4.tcp_sack",
    "net.ipv4.tcp_slow_start_after_idle",
    "net.ipv4.tcp_syn_retries",
    "net.ipv4.tcp_synack_retries",
    "net.ipv4.tcp_syncookies",
    "net.ipv4.tcp_timestamps",
    "net.ipv4.tcp_tw_recycle",
    "net.ipv4.tcp_tw_reuse",
    "net.ipv4.tcp_tw_reuse_delay",
    "net.ipv4.tcp_window_scaling",
    "net.ipv4.tcp_wmem",
    "net.netfilter.nf_conntrack_buckets",
    "net.netfilter.nf_conntrack_count",
    "net.netfilter.nf_conntrack_max",
    "net.netfilter.nf_conntrack_tcp_be_liberal",
    "net.netfilter.nf_conntrack_tcp_loose",
    "net.netfilter.nf_conntrack_tcp_timeout_close",
    "net.netfilter.nf_conntrack_tcp_timeout_close_wait",
    "net.netfilter.nf_conntrack_tcp_timeout_established",
    "net.netfilter.nf_conntrack_tcp_timeout_fin_wait",
    "net.netfilter.nf_conntrack_tcp_timeout_last_ack",
    "net.netfilter.nf_conntrack_tcp_timeout_max_retrans",
    "net.netfilter.nf_conntrack_tcp_timeout_syn_recv",
    "net.netfilter.nf_conntrack_tcp_timeout_syn_sent",
    "net.netfilter.nf_conntrack_tcp_timeout_time_wait",
    "net.netfilter.nf_conntrack_tcp_timeout_unacknowledged",
});
// Without these two a light reading would know no more of connection tracking than its counters.
constexpr auto kConntrackSysctls = std::to_array<std::string_view>(
    {"net.netfilter.nf_conntrack_count", "net.netfilter.nf_conntrack_max"});

std::string text_of(const fs::path& root, std::string_view name) {
  const auto value = read_sysctl(root, name);
  return value ? value->value_or("") : std::string();
}

class FactsReader {
 public:
  FactsReader(const fs::path& root, const FactsWanted& wanted, HostFacts& facts)
      : root_(root), wanted_(wanted), facts_(facts) {}

  void read_host();
  void read_netns(const NetNamespace& netns, bool own);

 private:
  // `inside`: the calling thread is in the namespace whose /proc/…/net `directory` is.
  Result<NetnsFacts> read_directory(const fs::path& directory, bool inside);
  Result<NetnsFacts> read_foreign(const NetNamespace& netns);
  [[nodiscard]] bool counters_only() const { return !wanted_.sysctls && !wanted_.surroundings; }
  void missed(std::string what, const Error& error) {
    facts_.unread.push_back({.what = std::move(what), .why = error.what});
  }

  const fs::path& root_;
  const FactsWanted& wanted_;
  HostFacts& facts_;
};

void FactsReader::read_host() {
  facts_.boot_time = boot_time();
  facts_.page_bytes = static_cast<std::uint32_t>(::sysconf(_SC_PAGESIZE));
  if (!wanted_.surroundings) {
    return;
  }
  facts_.host = text_of(root_, "kernel.hostname");
  facts_.kernel = text_of(root_, "kernel.osrelease");
  const auto meminfo = read_file(root_ / "proc/meminfo");
  const auto total = meminfo ? status_value(*meminfo, "MemTotal") : std::nullopt;
  if (const auto words = fields(total.value_or("")); !words.empty()) {
    facts_.memory_bytes = parse_number<std::uint64_t>(words.front()).value_or(0) * 1024;
  }
  if (auto softnet = read_softnet(root_ / "proc/thread-self/net")) {
    facts_.softnet = *softnet;
  } else {
    missed("net/softnet_stat", softnet.error());
  }
}

Result<NetnsFacts> FactsReader::read_directory(const fs::path& directory, bool inside) {
  NetnsFacts facts;
  auto counters = read_counters(directory);
  if (!counters) {
    return std::unexpected(counters.error());
  }
  facts.counters = std::move(*counters);
  if (const auto sockstat = read_sockstat(directory)) {
    facts.sockstat = *sockstat;
  }
  if (wanted_.interfaces) {
    facts.interfaces = read_net_dev(directory).value_or(std::vector<model::Interface>());
  }
  if (counters_only()) {
    return facts;
  }
  if (inside) {
    facts.sysctls = wanted_.sysctls ? read_sysctls(root_, kSysctls, facts_.unread)
                                    : read_sysctls(root_, kConntrackSysctls, facts_.unread);
  }
  facts.conntrack = read_conntrack(directory, facts.sysctls);
  return facts;
}

Result<NetnsFacts> FactsReader::read_foreign(const NetNamespace& netns) {
  const auto read_outside = [this](const fs::path& directory) {
    return read_directory(directory, false);
  };
  // Entering it takes a thread.
  if (counters_only()) {
    if (auto seen = read_through_process<NetnsFacts>(root_, netns, read_outside)) {
      return seen;
    }
  }
  auto facts = read_from_within<NetnsFacts>(
      root_, netns.inode, netns_paths(root_, netns),
      [this](const fs::path& directory) { return read_directory(directory, true); });
  if (facts) {
    return facts;
  }
  auto seen = read_through_process<NetnsFacts>(root_, netns, read_outside);
  if (!seen) {
    return facts;
  }
  if (wanted_.sysctls) {
    missed(fmt::format("the settings of {}", netns_label(root_, netns)), facts.error());
  }
  return seen;
}

void FactsReader::read_netns(const NetNamespace& netns, bool own) {
  auto facts = own ? read_directory(root_ / "proc/thread-self/net", true) : read_foreign(netns);
  if (!facts) {
    missed(netns_label(root_, netns), facts.error());
    return;
  }
  facts->inode = netns.inode;
  // Some settings are only there (register_net_sysctl(&init_net, …)): without privileges nothing
  // else tells.
  facts->host = netns.host || facts->sysctls.contains("net.ipv4.tcp_mem");
  facts->own = own;
  if (wanted_.labels) {
    facts->name = netns_label(root_, netns);
  }
  facts_.namespaces.push_back(std::move(*facts));
}

}  // namespace

HostFacts read_host_facts(const fs::path& root, std::span<const NetNamespace> namespaces,
                          const FactsWanted& wanted) {
  HostFacts facts;
  FactsReader reader(root, wanted, facts);
  reader.read_host();
  const auto own = own_netns(root);
  for (const bool wanted_own : {true, false}) {
    for (const NetNamespace& netns : namespaces) {
      if ((netns.inode == own) == wanted_own) {
        reader.read_netns(netns, wanted_own);
      }
    }
  }
  return facts;
}

bool other_processes_hidden(const fs::path& root) {
  std::error_code ignored;
  return fs::exists(proc_dir(root, 1), ignored) && !netns_of_pid(root, 1) && !host_netns(root);
}

}  // namespace tcptrace::host
