// SPDX-License-Identifier: GPL-2.0
// What is proposed to hosts as several kernels described them: nothing to one that is as it booted,
// and of every setting a case in which it is proposed and one in which it just is not.
#include "tune/tune.h"

#include <netinet/tcp.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/recorded/recorded_host.h"

namespace tcptrace {
namespace {

using model::TunePlan;
using model::TuneProfile;
using ::testing::IsEmpty;

using Names = std::set<std::string>;

constexpr std::array kProfiles = {TuneProfile::kNone, TuneProfile::kWeb, TuneProfile::kProxy,
                                  TuneProfile::kLowMemory};

// They help to judge others.
constexpr auto kOnlyRead = std::to_array<std::string_view>(
    {"net.ipv4.tcp_available_congestion_control", "net.ipv4.tcp_no_ssthresh_metrics_save",
     "net.ipv4.tcp_ehash_entries", "net.ipv4.tcp_max_orphans", "net.netfilter.nf_conntrack_count"});

bool only_read(std::string_view name) {
  return std::ranges::find(kOnlyRead, name) != kOnlyRead.end();
}

Names proposed(const TunePlan& plan) {
  Names names;
  for (const model::TuneProposal& proposal : plan.proposals) {
    names.insert(proposal.name);
  }
  return names;
}

class RecordedTune : public testing::TestWithParam<RecordingName> {};

INSTANTIATE_TEST_SUITE_P(Kernels, RecordedTune, testing::ValuesIn(recordings()), test_name);

TEST_P(RecordedTune, AHostAsItBootedIsLeftAlone) {
  const RecordedHost host(GetParam());
  // The other one's few ports are set, and are taken.
  const Names expected = GetParam().scene == "ipv6" ? Names{"net.ipv4.ip_local_port_range",
                                                            "net.ipv4.ip_local_reserved_ports"}
                                                    : Names{};
  EXPECT_EQ(proposed(host.plan(TuneProfile::kNone)), expected);
  EXPECT_THAT(proposed(host.plan(TuneProfile::kNone, false)), IsEmpty());
}

TEST_P(RecordedTune, EachSettingThatIsThereIsJudgedOnItsValue) {
  const RecordedHost host(GetParam());
  for (const TuneProfile profile : kProfiles) {
    const TunePlan plan = host.plan(profile);
    EXPECT_THAT(plan.unread, IsEmpty());
    std::vector<model::UnreadFact> unread;
    const model::Sysctls sysctls = host.settings_of_tune(unread);
    EXPECT_THAT(unread, IsEmpty());
    std::size_t judged = plan.proposals.size();
    for (const model::TuneProposal& proposal : plan.proposals) {
      EXPECT_EQ(proposal.current, sysctls.at(proposal.name));
      EXPECT_NE(proposal.current, proposal.proposed) << proposal.name;
    }
    for (const model::TuneKept& kept : plan.kept) {
      const auto found = sysctls.find(kept.name);
      EXPECT_EQ(kept.current, found == sysctls.end() ? "" : found->second) << kept.name;
      EXPECT_FALSE(kept.reason.empty()) << kept.name;
      judged += found == sysctls.end() ? 0 : 1;
    }
    const auto names = tune::settings();
    EXPECT_EQ(judged, std::ranges::count_if(names, [&](std::string_view name) {
                return sysctls.contains(name) && !only_read(name);
              }));
  }
}

TEST_P(RecordedTune, WhatIsAppliedIsNotProposedAgain) {
  for (const TuneProfile profile : kProfiles) {
    RecordedHost host(GetParam());
    const TunePlan plan = host.plan(profile);
    EXPECT_EQ(plan.proposals.empty(), profile == TuneProfile::kNone && GetParam().scene != "ipv6");
    for (const model::TuneProposal& proposal : plan.proposals) {
      host.set_sysctl(proposal.name, proposal.proposed);
    }
    EXPECT_THAT(proposed(host.plan(profile)), IsEmpty());
  }
}

// Makes of a recording one that justifies the proposal, or that just does not.
struct TuneRow {
  const char* name;
  const char* scene;
  std::function<void(RecordedHost&, bool hit)> set;
  TuneProfile profile = TuneProfile::kNone;
};

TuneRow setting(const char* name, const std::string& hit_value, const std::string& miss_value,
                TuneProfile profile = TuneProfile::kNone, const char* scene = "ipv4") {
  return {
      name, scene,
      [=](RecordedHost& host, bool hit) { host.set_sysctl(name, hit ? hit_value : miss_value); },
      profile};
}

// What the kernel makes the last number of tcp_rmem or tcp_wmem: a server is advised to have it.
std::uint64_t usual_most(RecordedHost& host, const char* name) {
  host.set_sysctl(name, "4096 131072 131073");
  const TunePlan plan = host.plan(TuneProfile::kWeb);
  const auto found = std::ranges::find(plan.proposals, name, &model::TuneProposal::name);
  return std::stoull(found->proposed.substr(found->proposed.rfind(' ')));
}

TuneRow buffer_of_servers(const char* name) {
  return {name, "ipv4",
          [=](RecordedHost& host, bool hit) {
            const std::uint64_t usual = usual_most(host, name);
            host.set_sysctl(name, fmt::format("4096 131072 {}", hit ? usual - 1 : usual));
          },
          TuneProfile::kProxy};
}

// The least page from which on TCP is under pressure.
TuneRow memory_under_pressure() {
  return {"net.ipv4.tcp_mem", "ipv4", [](RecordedHost& host, bool hit) {
            const model::HostFacts facts = host.facts();
            const std::uint64_t usual = facts.memory_bytes / facts.page_bytes / 16;
            const std::uint64_t four_fifths = (usual * 4 + 4) / 5;
            host.set_counter("TcpExt.TCPMemoryPressures", 1);
            host.set_sysctl("net.ipv4.tcp_mem",
                            fmt::format("1000 {} 90000", hit ? four_fifths - 1 : four_fifths));
          }};
}

std::vector<TuneRow> profile_rows() {
  using enum TuneProfile;
  return {
      setting("net.core.somaxconn", "4095", "4096", kWeb),
      setting("net.core.rmem_max", "212993", "212992", kLowMemory),
      setting("net.core.rmem_max", "212991", "212992", kWeb),
      setting("net.core.wmem_max", "212993", "212992", kLowMemory),
      setting("net.core.wmem_max", "212991", "212992", kProxy),
      setting("net.ipv4.ip_local_port_range", "10000 59998", "10000 59999", kProxy),
      setting("net.ipv4.tcp_fin_timeout", "31", "30", kLowMemory),
      setting("net.ipv4.tcp_keepalive_intvl", "31", "30", kWeb),
      setting("net.ipv4.tcp_keepalive_probes", "6", "5", kLowMemory),
      setting("net.ipv4.tcp_keepalive_time", "601", "600", kProxy),
      setting("net.ipv4.tcp_keepalive_time", "1801", "1800", kLowMemory),
      setting("net.ipv4.tcp_retries2", "9", "8", kProxy),
      setting("net.ipv4.tcp_rmem", "4096 131072 2097153", "4096 131072 2097152", kLowMemory),
      setting("net.ipv4.tcp_tw_reuse", "2", "1", kProxy),
      setting("net.ipv4.tcp_wmem", "4096 16384 1048577", "4096 16384 1048576", kLowMemory),
      setting("net.netfilter.nf_conntrack_max", "262143", "262144", kProxy, "host"),
      setting("net.netfilter.nf_conntrack_tcp_timeout_established", "86401", "86400", kProxy,
              "host"),
      buffer_of_servers("net.ipv4.tcp_rmem"),
      buffer_of_servers("net.ipv4.tcp_wmem"),
  };
}

// Of a million segments, so many were sent again.
void set_loss(RecordedHost& host, std::uint64_t segments) {
  host.set_counter("Tcp.OutSegs", 1'000'000 - segments);
  host.set_counter("Tcp.RetransSegs", segments);
}

void track(RecordedHost& host, int connections) {
  host.set_sysctl("net.netfilter.nf_conntrack_max", "1000");
  host.set_sysctl("net.netfilter.nf_conntrack_count", std::to_string(connections));
}

std::vector<TuneRow> listen_rows() {
  return {
      {"net.core.somaxconn", "ipv4",
       [](RecordedHost& host, bool hit) {
         host.set_sysctl("net.core.somaxconn", "128");
         host.set_counter("TcpExt.ListenOverflows", hit ? 1 : 0);
       }},
      {"net.ipv4.tcp_max_syn_backlog", "ipv4",
       [](RecordedHost& host, bool hit) {
         host.remove("proc/sys/net/ipv4/tcp_syncookies");
         host.set_sysctl("net.ipv4.tcp_max_syn_backlog", "16");
         host.set_count(model::TcpState::kSynRecv, hit ? 12 : 11);
       }},
      setting("net.ipv4.tcp_syncookies", "0", "1"),
      setting("net.ipv4.tcp_syncookies", "2", "1"),
      // The queue is nearly full now, of a listener that had asked for more.
      {"net.core.somaxconn", "ipv4",
       [](RecordedHost& host, bool hit) {
         host.set_counter("TcpExt.ListenOverflows", 1);
         host.set_queue(8080, hit ? 3277 : 3276, 4096);
       }},
      setting("net.ipv4.tcp_abort_on_overflow", "1", "0"),
  };
}

std::vector<TuneRow> timer_rows() {
  return {
      {"net.ipv4.tcp_keepalive_time", "host",
       [](RecordedHost& host, bool hit) {
         host.set_sysctl("net.netfilter.nf_conntrack_tcp_timeout_established",
                         hit ? "7200" : "7201");
       }},
      {"net.ipv4.tcp_keepalive_probes", "ipv4",
       [](RecordedHost& host, bool hit) {
         set_loss(host, 10'000);
         host.set_counter("TcpExt.TCPAbortOnTimeout", 1);
         host.set_sysctl("net.ipv4.tcp_keepalive_probes", hit ? "2" : "3");
       }},
      {"net.ipv4.tcp_keepalive_intvl", "ipv4",
       [](RecordedHost& host, bool hit) {
         set_loss(host, hit ? 10'000 : 9'999);
         host.set_counter("TcpExt.TCPAbortOnTimeout", 1);
         host.set_sysctl("net.ipv4.tcp_keepalive_intvl", "1");
       }},
      setting("net.ipv4.tcp_fin_timeout", "29", "30"),
      {"net.ipv4.tcp_fin_timeout", "ipv4",
       [](RecordedHost& host, bool hit) {
         host.set_sysctl("net.ipv4.tcp_fin_timeout", "61");
         host.set_counter("TcpExt.TCPAbortOnMemory", hit ? 1 : 0);
       }},
      // Two are in FIN_WAIT2.
      {"net.ipv4.tcp_fin_timeout", "ipv4",
       [](RecordedHost& host, bool hit) {
         host.set_sysctl("net.ipv4.tcp_max_tw_buckets", hit ? "8" : "9");
         host.set_counter("TcpExt.TCPTimeWaitOverflow", 1);
       }},
      setting("net.ipv4.tcp_retries2", "7", "8"),
  };
}

std::vector<TuneRow> buffer_rows() {
  return {
      setting("net.core.rmem_max", "67108865", "67108864"),
      setting("net.core.wmem_max", "67108865", "67108864"),
      setting("net.ipv4.tcp_rmem", "4096 1048577 6291456", "4096 1048576 6291456"),
      setting("net.ipv4.tcp_wmem", "4096 1048577 4194304", "4096 1048576 4194304"),
      setting("net.ipv4.tcp_moderate_rcvbuf", "0", "1"),
      {"net.ipv4.tcp_rmem", "ipv4",
       [](RecordedHost& host, bool hit) {
         host.set_sysctl("net.ipv4.tcp_rmem", "4096 131072 1048576");
         host.set_counter("Tcp.InSegs", 1'000'000);
         host.set_counter("TcpExt.RcvPruned", hit ? 10 : 9);
       }},
      {"net.ipv4.tcp_wmem", "ipv4",
       [](RecordedHost& host, bool hit) {
         host.set_sysctl("net.ipv4.tcp_wmem", "4096 16384 67108864");
         host.set_counter("TcpExt.TCPMemoryPressures", hit ? 1 : 0);
       }},
      memory_under_pressure(),
      {"net.ipv4.tcp_mem", "ipv4",
       [](RecordedHost& host, bool hit) {
         const model::HostFacts facts = host.facts();
         host.set_sysctl("net.ipv4.tcp_mem",
                         fmt::format("100000 110000 {}",
                                     facts.memory_bytes / facts.page_bytes / 2 + (hit ? 1 : 0)));
       }},
  };
}

std::vector<TuneRow> path_rows() {
  return {
      {"net.ipv4.tcp_congestion_control", "ipv6",
       [](RecordedHost& host, bool hit) {
         set_loss(host, 20'000);
         host.set_info(offsetof(tcp_info, tcpi_rtt), hit ? 16'384 : 16'383);
         host.set_sysctl("net.ipv4.tcp_available_congestion_control", "reno cubic bbr");
       }},
      setting("net.ipv4.tcp_no_metrics_save", "1", "0"),
      setting("net.ipv4.tcp_timestamps", "0", "1"),
      setting("net.ipv4.tcp_sack", "0", "1"),
      setting("net.ipv4.tcp_window_scaling", "0", "1"),
      {"net.core.netdev_max_backlog", "ipv4",
       [](RecordedHost& host, bool hit) { host.set_softnet(1, hit ? 1000 : 999); }},
  };
}

std::vector<TuneRow> port_rows() {
  return {
      setting("net.ipv4.tcp_tw_recycle", "1", "0"),
      {"net.ipv4.ip_local_port_range", "ipv6",
       [](RecordedHost& host, bool hit) {
         host.set_sysctl("net.ipv4.ip_local_port_range", hit ? "9000 9027" : "9000 9028");
       }},
      {"net.ipv4.ip_local_reserved_ports", "ipv6",
       [](RecordedHost& host, bool hit) {
         host.set_sysctl("net.ipv4.ip_local_reserved_ports", hit ? "8080-8085" : "8080-8086");
       }},
      // That of the loopback is reused by default: only without it its TIME_WAIT takes ports.
      {"net.ipv4.tcp_tw_reuse", "ipv6",
       [](RecordedHost& host, bool hit) {
         host.set_sysctl("net.ipv4.tcp_tw_reuse", hit ? "0" : "2");
       }},
      {"net.ipv4.tcp_max_tw_buckets", "ipv4",
       [](RecordedHost& host, bool hit) {
         host.set_sysctl("net.ipv4.tcp_max_tw_buckets", "1000000");
         host.set_sockstat("TCP:", "tw", hit ? 800'000 : 799'999);
         host.set_counter("TcpExt.TCPTimeWaitOverflow", 1);
       }},
  };
}

std::vector<TuneRow> conntrack_rows() {
  return {
      {"net.netfilter.nf_conntrack_max", "host",
       [](RecordedHost& host, bool hit) { track(host, hit ? 800 : 799); }},
      {"net.netfilter.nf_conntrack_buckets", "host",
       [](RecordedHost& host, bool hit) {
         track(host, 500);
         host.set_sysctl("net.netfilter.nf_conntrack_buckets", hit ? "249" : "250");
       }},
      {"net.netfilter.nf_conntrack_tcp_timeout_established", "host",
       [](RecordedHost& host, bool hit) {
         track(host, 800);
         host.set_sysctl("net.netfilter.nf_conntrack_tcp_timeout_established",
                         hit ? "86401" : "86400");
       }},
      {"net.netfilter.nf_conntrack_tcp_timeout_time_wait", "host",
       [](RecordedHost& host, bool hit) {
         track(host, 800);
         host.set_sockstat("TCP:", "tw", hit ? 200 : 199);
       }},
  };
}

class RecordedProposals : public testing::TestWithParam<RecordingName> {};

INSTANTIATE_TEST_SUITE_P(Kernels, RecordedProposals, testing::ValuesIn(recordings("host")),
                         kernel_name);

TEST_P(RecordedProposals, OfEachThereIsACaseAndANearMiss) {
  Names seen;
  std::map<std::string, RecordedHost> hosts;
  for (const std::vector<TuneRow>& rows : {listen_rows(), timer_rows(), buffer_rows(), path_rows(),
                                           port_rows(), conntrack_rows(), profile_rows()}) {
    for (const TuneRow& row : rows) {
      seen.insert(row.name);
      RecordedHost& host =
          hosts.try_emplace(row.scene, RecordingName{GetParam().kernel, row.scene}).first->second;
      for (const bool hit : {true, false}) {
        row.set(host, hit);
        EXPECT_EQ(proposed(host.plan(row.profile)).contains(row.name), hit) << row.name;
        host.restore();
      }
    }
  }
  Names all;
  for (const std::string_view name : tune::settings()) {
    // What it would switch off is gone since v4.14: it is looked at, and never proposed.
    if (!only_read(name) && name != "net.ipv4.tcp_low_latency") {
      all.emplace(name);
    }
  }
  EXPECT_EQ(seen, all);
}

}  // namespace
}  // namespace tcptrace
