// SPDX-License-Identifier: GPL-2.0
// Every finding has what triggers it, and the near miss.
#include "monitor/findings.h"

#include <algorithm>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/samples.h"

namespace tcptrace::monitor {
namespace {

using model::Finding;
using model::FindingId;
using model::FindingLevel;
using model::HostFacts;
using model::NetnsFacts;
using model::SocketCensus;
using samples::ipv4;
using ::testing::IsEmpty;

constexpr std::uint32_t kNetns = 100;

// A healthy host and what a test changes of it.
class FindingsTest : public testing::Test {
 protected:
  FindingsTest() {
    facts_.boot_time = std::chrono::hours(100);
    facts_.softnet = model::Softnet{.cpus = 2, .processed = 10'000'000};
    NetnsFacts& netns = facts_.namespaces.emplace_back();
    netns.inode = kNetns;
    netns.name = "host";
    netns.host = netns.own = true;
    netns.counters = {{"Tcp.ActiveOpens", 50'000}, {"Tcp.PassiveOpens", 50'000},
                      {"Tcp.OutSegs", 10'000'000}, {"Tcp.InSegs", 10'000'000},
                      {"Tcp.RetransSegs", 10'000}, {"Tcp.OutRsts", 2'000},
                      {"Tcp.AttemptFails", 900}};
    netns.sysctls = {{"net.ipv4.ip_local_port_range", "32768 60999"},
                     {"net.ipv4.tcp_mem", "100 200 300"},
                     {"net.ipv4.tcp_max_orphans", "1000"},
                     {"net.ipv4.tcp_max_tw_buckets", "1000"},
                     {"net.ipv4.tcp_keepalive_time", "7200"},
                     {"net.ipv4.tcp_retries2", "15"},
                     {"net.ipv4.tcp_sack", "1"},
                     {"net.ipv4.tcp_syncookies", "1"},
                     {"net.ipv4.tcp_timestamps", "1"},
                     {"net.ipv4.tcp_tw_reuse", "2"},
                     {"net.ipv4.tcp_window_scaling", "1"},
                     {"net.ipv4.tcp_abort_on_overflow", "0"},
                     {"net.netfilter.nf_conntrack_tcp_timeout_established", "432000"}};
    netns.sockstat = model::Sockstat{.time_wait = 10, .memory_pages = 10};
    netns.conntrack = model::Conntrack{.count = 10, .limit = 1000};
    netns.interfaces.push_back(
        {.name = "eth0", .rx_packets = 10'000'000, .tx_packets = 10'000'000});
  }

  NetnsFacts& netns() { return facts_.namespaces.front(); }
  void counter(const std::string& name, std::uint64_t value) { netns().counters[name] = value; }
  void setting(const std::string& name, const std::string& value) { netns().sysctls[name] = value; }
  [[nodiscard]] std::vector<Finding> findings() const {
    return find({.census = census_, .facts = facts_, .before = before_});
  }
  // The only finding there is; "" where there is none.
  [[nodiscard]] std::string only() const {
    const std::vector<Finding> all = findings();
    if (all.size() != 1) {
      return all.empty() ? "" : "several";
    }
    return std::string(model::finding_name(all[0].id)) + " " +
           std::string(model::finding_level_name(all[0].level));
  }

  SocketCensus census_;
  HostFacts facts_;
  const HostFacts* before_ = nullptr;
};

TEST_F(FindingsTest, AHealthyHostHasNone) { EXPECT_EQ(only(), ""); }

TEST_F(FindingsTest, NothingKnownIsNothingFound) {
  facts_ = {};
  EXPECT_THAT(findings(), IsEmpty());
  facts_.namespaces.emplace_back();
  EXPECT_THAT(findings(), IsEmpty());
}

// Just below, and from where on it is found.
TEST_F(FindingsTest, CountersByShareAndNumber) {
  struct Row {
    const char* counter;
    std::uint64_t miss;
    std::uint64_t hit;
    const char* found;
  };
  // Of 50,000 accepted, 100,000 opened, ten million segments.
  for (const Row& row : {
           Row{"TcpExt.ListenOverflows", 49, 50, "listen_overflows warning"},
           Row{"TcpExt.ListenOverflows", 2'499, 2'500, "listen_overflows critical"},
           Row{"TcpExt.ListenDrops", 99, 100, "listen_drops warning"},
           Row{"TcpExt.TCPReqQFullDoCookies", 499, 500, "syn_cookies warning"},
           Row{"TcpExt.TCPReqQFullDrop", 49, 50, "syn_queue_drops warning"},
           Row{"Tcp.RetransSegs", 204'081, 204'082, "retransmissions warning"},
           Row{"Tcp.RetransSegs", 1'111'111, 1'111'112, "retransmissions critical"},
           Row{"TcpExt.TCPSynRetrans", 4'999, 5'000, "syn_retransmissions warning"},
           Row{"Tcp.AttemptFails", 9'999, 10'000, "attempt_fails info"},
           Row{"Tcp.AttemptFails", 49'999, 50'000, "attempt_fails warning"},
           Row{"Tcp.OutRsts", 9'999, 10'000, "resets_sent info"},
           Row{"TcpExt.TCPAbortOnTimeout", 999, 1'000, "timeouts warning"},
           Row{"TcpExt.TCPAbortOnClose", 1'999, 2'000, "closed_with_unread_data warning"},
           Row{"TcpExt.TCPAbortOnData", 4'999, 5'000, "aborted_by_close info"},
           Row{"TcpExt.TCPAbortOnMemory", 9, 10, "aborted_on_memory warning"},
           Row{"TcpExt.TCPBacklogDrop", 99, 100, "backlog_drops warning"},
           Row{"TcpExt.RcvPruned", 999, 1'000, "receive_pruned warning"},
           Row{"TcpExt.TCPTimeWaitOverflow", 9, 10, "time_wait_overflow warning"},
       }) {
    const auto kept = netns().counters;
    counter(row.counter, row.miss);
    EXPECT_NE(only(), row.found) << row.counter << " " << row.miss;
    counter(row.counter, row.hit);
    EXPECT_EQ(only(), row.found) << row.counter << " " << row.hit;
    netns().counters = kept;
  }
}

TEST_F(FindingsTest, OverflowsAreNoDropsOfAnotherKind) {
  counter("TcpExt.ListenOverflows", 200);
  counter("TcpExt.ListenDrops", 299);
  EXPECT_EQ(only(), "listen_overflows warning");
  counter("TcpExt.ListenDrops", 300);
  EXPECT_EQ(findings().size(), 2U);
}

TEST_F(FindingsTest, AFewAreChanceHoweverLargeTheirShare) {
  counter("Tcp.PassiveOpens", 10);
  counter("TcpExt.ListenOverflows", 9);
  EXPECT_EQ(only(), "");
}

TEST_F(FindingsTest, HugeCountersDoNotOverflow) {
  counter("Tcp.RetransSegs", UINT64_MAX / 4);
  counter("Tcp.OutSegs", UINT64_MAX / 4);
  EXPECT_EQ(only(), "retransmissions critical");
  EXPECT_DOUBLE_EQ(findings()[0].percent.value(), 50);
}

TEST_F(FindingsTest, WithAnIntervalOnlyWhatHappenedMeanwhileCounts) {
  counter("TcpExt.ListenOverflows", 5'000);
  const HostFacts before = facts_;
  before_ = &before;
  EXPECT_EQ(only(), "");
  counter("TcpExt.ListenOverflows", 5'001);
  counter("Tcp.PassiveOpens", 50'100);
  EXPECT_EQ(only(), "listen_overflows warning");
  EXPECT_EQ(findings()[0].number, 1U);
  EXPECT_THAT(findings()[0].summary, testing::HasSubstr("1 % of 100 accepted connections"));
}

TEST_F(FindingsTest, ACounterThatWentBackwardsIsAnothers) {
  counter("TcpExt.ListenOverflows", 5'000);
  const HostFacts before = facts_;
  before_ = &before;
  counter("TcpExt.ListenOverflows", 4'000);
  EXPECT_EQ(only(), "listen_overflows critical");
}

TEST_F(FindingsTest, QueuesOfListeners) {
  census_.listeners.push_back({.netns = kNetns,
                               .address = {},
                               .port = 80,
                               .process = samples::process(),
                               .backlog = 5,
                               .limit = 5});
  EXPECT_EQ(only(), "") << "a few that wait are a burst";
  census_.listeners[0].backlog = 6;
  EXPECT_EQ(only(), "listener_queue_full critical");
  EXPECT_EQ(findings()[0].subject, "0.0.0.0:80, pid 812 (api)");
  census_.listeners[0].limit = 100;
  census_.listeners[0].backlog = 79;
  EXPECT_EQ(only(), "");
  census_.listeners[0].backlog = 80;
  EXPECT_EQ(only(), "listener_queue_filling warning");
  census_.listeners[0].backlog = 0;
  census_.listeners[0].syn_recv = 79;
  EXPECT_EQ(only(), "");
  census_.listeners[0].syn_recv = 80;
  EXPECT_EQ(only(), "syn_queue_filling warning");
}

TEST_F(FindingsTest, ListenersThatShareAPortHaveRoomTogether) {
  const model::ListenerCount listener{
      .netns = kNetns, .address = {}, .port = 80, .process = {}, .limit = 100, .syn_recv = 159};
  census_.listeners = {listener, listener};
  EXPECT_EQ(only(), "");
  census_.listeners[0].syn_recv = census_.listeners[1].syn_recv = 160;
  EXPECT_EQ(only(), "syn_queue_filling warning") << "once";
  EXPECT_EQ(findings()[0].limit, 200U);
}

TEST_F(FindingsTest, CloseWaitThatLasts) {
  census_.close_wait.push_back({.netns = kNetns,
                                .process = samples::process(),
                                .peer = ipv4(10, 0, 0, 9),
                                .port = 443,
                                .connections = 9,
                                .at_least = std::chrono::hours(9)});
  model::CloseWaitSuspect& suspect = census_.close_wait[0];
  EXPECT_EQ(only(), "");
  suspect.connections = 10;
  EXPECT_EQ(only(), "close_wait_leak warning");
  EXPECT_EQ(findings()[0].subject, "pid 812 (api), to 10.0.0.9:443");
  suspect.at_least = std::chrono::milliseconds(59'999);
  suspect.at_most = std::chrono::hours(9);
  EXPECT_EQ(only(), "") << "it may have begun just now";
  suspect.at_least = std::chrono::minutes(1);
  suspect.connections = 500;
  suspect.server = true;
  EXPECT_EQ(only(), "close_wait_leak critical");
  EXPECT_EQ(findings()[0].subject, "pid 812 (api), port 443 from 10.0.0.9");
}

TEST_F(FindingsTest, LocalPortsRunShort) {
  census_.port_use.push_back({.netns = kNetns,
                              .local = ipv4(10, 0, 0, 1),
                              .peer = ipv4(10, 0, 0, 9),
                              .peer_port = 443,
                              .ports = 39,
                              .available = 50});
  model::PortUse& use = census_.port_use[0];
  EXPECT_EQ(only(), "");
  use.ports = 40;
  EXPECT_EQ(only(), "local_ports_short warning");
  use.ports = 48;
  EXPECT_EQ(only(), "local_ports_short critical");
  use.ports = 20;
  use.time_wait = 20;
  EXPECT_EQ(only(), "local_ports_short warning");
  use.reused = true;
  EXPECT_EQ(only(), "") << "those in TIME_WAIT can be had";
}

TEST_F(FindingsTest, MemoryOrphansAndTimeWait) {
  netns().sockstat->memory_pages = 199;
  EXPECT_EQ(only(), "");
  netns().sockstat->memory_pages = 200;
  EXPECT_EQ(only(), "tcp_memory warning");
  netns().sockstat->memory_pages = 270;
  EXPECT_EQ(only(), "tcp_memory critical");
  netns().sockstat = model::Sockstat{.orphan = 499};
  EXPECT_EQ(only(), "");
  netns().sockstat->orphan = 500;
  EXPECT_EQ(only(), "orphans warning");
  netns().sockstat->orphan = 900;
  EXPECT_EQ(only(), "orphans critical");
  netns().sockstat = model::Sockstat{.time_wait = 799};
  EXPECT_EQ(only(), "");
  netns().sockstat->time_wait = 800;
  EXPECT_EQ(only(), "time_wait_limit warning");
}

TEST_F(FindingsTest, WhatIsTheHostsIsFoundOnce) {
  facts_.namespaces.push_back(netns());
  facts_.namespaces[1].inode = 200;
  facts_.namespaces[1].sysctls.clear();
  for (NetnsFacts& one : facts_.namespaces) {
    one.sockstat->memory_pages = 200;
  }
  EXPECT_EQ(only(), "tcp_memory warning");
}

TEST_F(FindingsTest, Interfaces) {
  struct Row {
    std::uint64_t model::Interface::*member;
    std::uint64_t hit;
    const char* found;
  };
  for (const Row& row : {Row{&model::Interface::rx_errors, 1'000, "interface_errors warning"},
                         Row{&model::Interface::tx_errors, 1'000, "interface_errors warning"},
                         Row{&model::Interface::rx_overruns, 1'000, "interface_errors warning"},
                         Row{&model::Interface::rx_dropped, 100'000, "interface_drops warning"},
                         Row{&model::Interface::tx_dropped, 10'000, "interface_drops warning"}}) {
    netns().interfaces[0].*row.member = row.hit - 1;
    EXPECT_EQ(only(), "");
    netns().interfaces[0].*row.member = row.hit;
    EXPECT_EQ(only(), row.found);
    EXPECT_EQ(findings()[0].subject, "eth0");
    netns().interfaces[0].*row.member = 0;
  }
  netns().interfaces[0] = {.name = "idle0", .rx_errors = 99};
  EXPECT_EQ(only(), "") << "a few on an interface that is not used";
}

TEST_F(FindingsTest, Softnet) {
  model::HostFacts before = facts_;
  before.softnet->each = {{}, {}};
  facts_.softnet->each = {{.processed = 10'000'000}, {}};
  model::SoftnetCpu& cpu = facts_.softnet->each[0];
  before_ = &before;
  cpu.dropped = 99;
  EXPECT_EQ(only(), "");
  cpu.dropped = 101;
  EXPECT_EQ(only(), "softnet_drops warning");
  cpu.dropped = 0;
  cpu.time_squeeze = 9'999;
  EXPECT_EQ(only(), "");
  cpu.time_squeeze = 10'000;
  EXPECT_EQ(only(), "softnet_squeezed info");
}

// 50,000 drops may be of a burst months ago: the packets since have begun anew many times.
TEST_F(FindingsTest, SoftnetSinceBootProvesNothing) {
  facts_.softnet->dropped = 50'000;
  facts_.softnet->time_squeeze = 50'000;
  EXPECT_EQ(only(), "");
}

TEST_F(FindingsTest, SoftnetCountersGoRound) {
  model::HostFacts before = facts_;
  before.softnet->each = {{.processed = UINT32_MAX - 999, .dropped = UINT32_MAX - 4},
                          {.processed = 5, .dropped = 0}};
  facts_.softnet->each = {{.processed = 1000, .dropped = 4}, {.processed = 5, .dropped = 0}};
  facts_.softnet->dropped = 4;
  before_ = &before;
  EXPECT_EQ(only(), "");
  facts_.softnet->each[0].dropped = 5;
  EXPECT_EQ(only(), "softnet_drops warning");
  EXPECT_EQ(findings()[0].number, 10U);
}

TEST_F(FindingsTest, ConnectionTracking) {
  netns().conntrack->count = 799;
  EXPECT_EQ(only(), "");
  netns().conntrack->count = 800;
  EXPECT_EQ(only(), "conntrack_full warning");
  netns().conntrack->count = 950;
  EXPECT_EQ(only(), "conntrack_full critical");
  netns().conntrack->limit = 0;
  EXPECT_EQ(only(), "") << "no limit";
  netns().conntrack->early_drop = 9;
  EXPECT_EQ(only(), "");
  netns().conntrack->insert_failed = netns().conntrack->drop = 100;
  EXPECT_EQ(only(), "") << "packets of one flow that clashed";
  ++netns().conntrack->drop;
  EXPECT_EQ(only(), "conntrack_drops warning");
}

TEST_F(FindingsTest, Settings) {
  struct Row {
    const char* name;
    const char* miss;
    const char* hit;
    const char* found;
  };
  for (const Row& row : {Row{"net.ipv4.tcp_tw_recycle", "0", "1", "tw_recycle critical"},
                         Row{"net.ipv4.tcp_syncookies", "2", "0", "syncookies_off warning"},
                         Row{"net.ipv4.tcp_sack", "1", "0", "sack_off warning"},
                         Row{"net.ipv4.tcp_window_scaling", "1", "0", "window_scaling_off warning"},
                         Row{"net.ipv4.tcp_timestamps", "2", "0", "timestamps_off info"},
                         Row{"net.ipv4.tcp_abort_on_overflow", "0", "1", "abort_on_overflow info"},
                         Row{"net.ipv4.tcp_retries2", "8", "7", "few_retries warning"},
                         Row{"net.ipv4.ip_local_port_range", "40000 41023", "40000 41022",
                             "few_local_ports warning"},
                         Row{"net.netfilter.nf_conntrack_tcp_timeout_established", "7201", "7200",
                             "conntrack_before_keepalive warning"}}) {
    const auto kept = netns().sysctls;
    setting(row.name, row.miss);
    EXPECT_EQ(only(), "") << row.name;
    setting(row.name, row.hit);
    EXPECT_EQ(only(), row.found) << row.name;
    setting(row.name, "surprise");
    EXPECT_EQ(only(), "") << row.name;
    netns().sysctls = kept;
  }
  setting("net.netfilter.nf_conntrack_tcp_timeout_established", "600");
  netns().conntrack.reset();
  EXPECT_EQ(only(), "") << "nothing is tracked";
}

TEST_F(FindingsTest, TheWorstFirst) {
  counter("Tcp.OutRsts", 10'000);
  setting("net.ipv4.tcp_sack", "0");
  netns().conntrack->count = 1'000;
  const std::vector<Finding> all = findings();
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all[0].level, FindingLevel::kCritical);
  EXPECT_EQ(all[1].level, FindingLevel::kWarning);
  EXPECT_EQ(all[2].level, FindingLevel::kInfo);
  for (const Finding& finding : all) {
    EXPECT_FALSE(finding.summary.empty());
    EXPECT_FALSE(finding.why.empty());
    EXPECT_FALSE(finding.advice.empty());
  }
}

TEST_F(FindingsTest, CountersSinceBootAndMeanwhile) {
  const HostFacts before = facts_;
  counter("Tcp.RetransSegs", 10'360);
  const auto all = counters_that_matter(facts_, &before);
  const auto retrans = std::ranges::find(all, "Tcp.RetransSegs", &model::CounterFact::name);
  ASSERT_NE(retrans, all.end());
  EXPECT_EQ(retrans->total, 10'360U);
  EXPECT_EQ(retrans->recent, 360U);
  EXPECT_NEAR(retrans->per_second.value(), 0.0288, 0.0001);
  netns().host = false;
  for (const model::CounterFact& fact : counters_that_matter(facts_, nullptr)) {
    EXPECT_FALSE(fact.per_second);
    EXPECT_FALSE(fact.recent);
    EXPECT_NE(fact.total, 0U);
  }
}

TEST(FindingNames, AreDifferent) {
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < model::kFindingIds; ++i) {
    const std::string_view name = model::finding_name(static_cast<FindingId>(i));
    EXPECT_FALSE(name.empty());
    names.insert(name);
  }
  EXPECT_EQ(names.size(), model::kFindingIds);
}

}  // namespace
}  // namespace tcptrace::monitor
