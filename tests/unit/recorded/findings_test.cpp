// SPDX-License-Identifier: GPL-2.0
// What is found wrong with hosts as several kernels described them. Of every finding a case that
// has it and one that just has it not, made by a number in the recorded text.
#include "monitor/findings.h"

#include <netinet/tcp.h>

#include <cstddef>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/recorded/recorded_host.h"

namespace tcptrace {
namespace {

using model::Finding;
using model::FindingId;
using Names = std::set<std::string>;

Names names_of(const std::vector<Finding>& findings) {
  Names names;
  for (const Finding& finding : findings) {
    names.emplace(model::finding_name(finding.id));
  }
  return names;
}

class RecordedFindings : public testing::TestWithParam<RecordingName> {};

INSTANTIATE_TEST_SUITE_P(Kernels, RecordedFindings, testing::ValuesIn(recordings()), test_name);

// tests/kernels/recorder/scene.cpp plays all of it on purpose.
TEST_P(RecordedFindings, AreWhatTheSceneHasGotWrong) {
  const RecordedHost host(GetParam());
  const model::Analysis analysis = host.analysis();
  Names expected;
  if (GetParam().scene != "ipv4") {
    expected = {"listener_queue_full", "listen_overflows", "attempt_fails", "aborted_by_close",
                "closed_with_unread_data"};
  }
  if (GetParam().scene == "host") {
    expected.insert({"close_wait_leak", "syn_retransmissions"});
  }
  if (GetParam().scene == "ipv6") {
    expected.insert({"local_ports_short", "few_local_ports"});
  }
  EXPECT_EQ(names_of(analysis.findings), expected);
}

// Makes of a recording one that has the finding, or that just has it not. What it leaves alone is
// as the kernel said it.
struct FindingRow {
  FindingId id;
  const char* scene;
  std::function<void(RecordedHost&, bool hit)> set;
  bool growth = false;  // judged by what happened since a reading before
};

// As of a host that has been up for long.
void set_traffic(RecordedHost& host) {
  for (const auto& [name, value] :
       std::initializer_list<std::pair<const char*, std::uint64_t>>{{"Tcp.ActiveOpens", 50'000},
                                                                    {"Tcp.PassiveOpens", 50'000},
                                                                    {"Tcp.InSegs", 10'000'000},
                                                                    {"Tcp.OutSegs", 10'000'000}}) {
    host.set_counter(name, value);
  }
}

FindingRow counter(FindingId id, const char* name, std::uint64_t least) {
  return {id, "ipv4", [=](RecordedHost& host, bool hit) {
            set_traffic(host);
            host.set_counter(name, hit ? least : least - 1);
          }};
}

FindingRow setting(FindingId id, const char* name, const char* hit_value, const char* miss_value,
                   const char* scene = "ipv4") {
  return {id, scene, [=](RecordedHost& host, bool hit) {
            host.set_sysctl(name, hit ? hit_value : miss_value);
          }};
}

FindingRow sockstat(FindingId id, const char* limit_name, const char* limit, const char* column,
                    std::uint64_t least) {
  return {id, "ipv4", [=](RecordedHost& host, bool hit) {
            host.set_sysctl(limit_name, limit);
            host.set_sockstat("TCP:", column, hit ? least : least - 1);
          }};
}

// A line of net/dev: eight numbers of what was received, and eight of what was sent.
FindingRow interface(FindingId id, std::size_t column, std::uint64_t least) {
  return {id, "ipv4", [=](RecordedHost& host, bool hit) {
            host.set_interface("lo", 1, 10'000'000);
            host.set_interface("lo", 9, 10'000'000);
            host.set_interface("lo", column, hit ? least : least - 1);
          }};
}

FindingRow softnet(FindingId id, std::size_t column, std::uint32_t least) {
  return {id, "ipv4",
          [=](RecordedHost& host, bool hit) {
            host.set_softnet(0, 10'000'000);
            host.set_softnet(column, hit ? least : least - 1);
          },
          true};
}

std::vector<FindingRow> rows() {
  using enum FindingId;
  return {
      {kListenerQueueFull, "host",
       [](RecordedHost& host, bool hit) { host.set_queue(8082, hit ? 5 : 4, 4); }},
      {kListenerQueueFilling, "host",
       [](RecordedHost& host, bool hit) { host.set_queue(8082, hit ? 80 : 79, 100); }},
      {kSynQueueFilling, "ipv4",
       [](RecordedHost& host, bool hit) {
         host.set_count(model::TcpState::kSynRecv, hit ? 103 : 102);
       }},
      {kCloseWaitLeak, "ipv6",
       [](RecordedHost& host, bool hit) {
         host.set_info(offsetof(tcp_info, tcpi_last_ack_recv), hit ? 60'000 : 59'999);
       }},
      {kCloseWaitLeak, "ipv6",
       [](RecordedHost& host, bool hit) {
         host.set_info(offsetof(tcp_info, tcpi_last_ack_recv), 60'000);
         host.set_count(model::TcpState::kCloseWait, hit ? 10 : 9);
       }},
      {kLocalPortsShort, "ipv6",
       [](RecordedHost& host, bool hit) {
         host.set_sysctl("net.ipv4.ip_local_port_range", hit ? "9000 9027" : "9000 9028");
       }},
      counter(kListenOverflows, "TcpExt.ListenOverflows", 50),
      counter(kListenDrops, "TcpExt.ListenDrops", 100),
      counter(kSynCookies, "TcpExt.TCPReqQFullDoCookies", 500),
      counter(kSynQueueDrops, "TcpExt.TCPReqQFullDrop", 50),
      counter(kRetransmissions, "Tcp.RetransSegs", 204'082),
      counter(kSynRetransmissions, "TcpExt.TCPSynRetrans", 5'000),
      counter(kAttemptFails, "Tcp.AttemptFails", 10'000),
      counter(kResetsSent, "Tcp.OutRsts", 10'000),
      counter(kTimeouts, "TcpExt.TCPAbortOnTimeout", 1'000),
      counter(kClosedWithUnreadData, "TcpExt.TCPAbortOnClose", 2'000),
      counter(kAbortedByClose, "TcpExt.TCPAbortOnData", 5'000),
      counter(kAbortedOnMemory, "TcpExt.TCPAbortOnMemory", 10),
      counter(kBacklogDrops, "TcpExt.TCPBacklogDrop", 100),
      counter(kReceivePruned, "TcpExt.RcvPruned", 1'000),
      counter(kTimeWaitOverflow, "TcpExt.TCPTimeWaitOverflow", 10),
      sockstat(kTimeWaitLimit, "net.ipv4.tcp_max_tw_buckets", "1000", "tw", 800),
      sockstat(kTcpMemory, "net.ipv4.tcp_mem", "100 200 300", "mem", 200),
      sockstat(kOrphans, "net.ipv4.tcp_max_orphans", "1000", "orphan", 500),
      interface(kInterfaceErrors, 2, 1'000),
      interface(kInterfaceErrors, 4, 1'000),
      interface(kInterfaceErrors, 10, 1'000),
      interface(kInterfaceDrops, 3, 100'000),
      interface(kInterfaceDrops, 11, 10'000),
      softnet(kSoftnetDrops, 1, 101),
      softnet(kSoftnetSqueezed, 2, 10'000),
      {kConntrackFull, "host",
       [](RecordedHost& host, bool hit) {
         host.set_sysctl("net.netfilter.nf_conntrack_max", "1000");
         host.set_sysctl("net.netfilter.nf_conntrack_count", hit ? "800" : "799");
       }},
      {kConntrackDrops, "host",
       [](RecordedHost& host, bool hit) { host.set_conntrack("early_drop", hit ? 10 : 9); }},
      setting(kTwRecycle, "net.ipv4.tcp_tw_recycle", "1", "0"),
      setting(kSyncookiesOff, "net.ipv4.tcp_syncookies", "0", "1"),
      setting(kSackOff, "net.ipv4.tcp_sack", "0", "1"),
      setting(kWindowScalingOff, "net.ipv4.tcp_window_scaling", "0", "1"),
      setting(kTimestampsOff, "net.ipv4.tcp_timestamps", "0", "1"),
      setting(kAbortOnOverflow, "net.ipv4.tcp_abort_on_overflow", "1", "0"),
      setting(kFewRetries, "net.ipv4.tcp_retries2", "7", "8"),
      setting(kFewLocalPorts, "net.ipv4.ip_local_port_range", "40000 41022", "40000 41023"),
      setting(kConntrackBeforeKeepalive, "net.netfilter.nf_conntrack_tcp_timeout_established",
              "7200", "7201", "host"),
  };
}

class RecordedFindingRows : public testing::TestWithParam<RecordingName> {};

INSTANTIATE_TEST_SUITE_P(Kernels, RecordedFindingRows, testing::ValuesIn(recordings("host")),
                         kernel_name);

TEST_P(RecordedFindingRows, OfEachFindingThereIsACaseAndANearMiss) {
  std::set<FindingId> seen;
  std::map<std::string, RecordedHost> hosts;
  for (const FindingRow& row : rows()) {
    seen.insert(row.id);
    RecordedHost& host =
        hosts.try_emplace(row.scene, RecordingName{GetParam().kernel, row.scene}).first->second;
    for (const bool hit : {true, false}) {
      for (std::size_t column = 0; row.growth && column < 3; ++column) {
        host.set_softnet(column, 0);
      }
      const model::HostFacts before = host.facts();
      row.set(host, hit);
      const Names found = names_of(host.analysis(row.growth ? &before : nullptr).findings);
      EXPECT_EQ(found.contains(std::string(model::finding_name(row.id))), hit)
          << model::finding_name(row.id) << " " << testing::PrintToString(found);
      host.restore();
    }
  }
  EXPECT_EQ(seen.size(), model::kFindingIds);
}

}  // namespace
}  // namespace tcptrace
