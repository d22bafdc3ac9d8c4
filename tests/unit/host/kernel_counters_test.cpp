// SPDX-License-Identifier: GPL-2.0
#include "host/kernel_counters.h"

#include <unistd.h>

#include <cstdint>
#include <string>

#include <gtest/gtest.h>

#include "host/netns.h"
#include "unit/host/fake_root.h"

namespace tcptrace::host {
namespace {

constexpr std::string_view kSnmp =
    "Ip: Forwarding DefaultTTL InReceives\n"
    "Ip: 1 64 1000\n"
    "Tcp: RtoAlgorithm MaxConn AttemptFails EstabResets RetransSegs OutRsts\n"
    "Tcp: 1 -1 3 4 5 18446744073709551615\n";
constexpr std::string_view kNetstat =
    "TcpExt: SyncookiesSent TCPAbortOnData\n"
    "TcpExt: 0 7\n";

Counters parse(std::string_view text) {
  Counters counters;
  parse_counters(text, counters);
  return counters;
}

TEST(ParseCounters, NamesByProtocol) {
  const Counters counters = parse(kSnmp);
  EXPECT_EQ(counters.at("Tcp.AttemptFails"), 3U);
  EXPECT_EQ(counters.at("Tcp.OutRsts"), UINT64_MAX);
  EXPECT_EQ(counters.at("Ip.InReceives"), 1000U);
}

TEST(ParseCounters, WhatIsNoCounterIsPassedOver) {
  EXPECT_FALSE(parse(kSnmp).contains("Tcp.MaxConn"));  // -1
  const Counters counters = parse(
      "Tcp: A B C D\n"
      "Tcp: 1 x 99999999999999999999 4\n");
  EXPECT_EQ(counters, (Counters{{"Tcp.A", 1}, {"Tcp.D", 4}}));
}

TEST(ParseCounters, UnpairedLinesDoNotShiftTheRest) {
  EXPECT_EQ(parse("Tcp: A B\nUdp: X\nUdp: 5\n"), (Counters{{"Udp.X", 5}}));
  EXPECT_EQ(parse("Tcp: A B\nTcp: 1\n"), (Counters{{"Tcp.A", 1}}));
  EXPECT_EQ(parse("Tcp: A\nTcp: 1 2 3\n"), (Counters{{"Tcp.A", 1}}));
  EXPECT_EQ(parse("Tcp: A\n\nTcp: 1\n"), Counters{});
  EXPECT_EQ(parse(""), Counters{});
  EXPECT_EQ(parse("\n:\n:\n"), Counters{});
}

TEST(ReadKernelCounters, ThroughAProcessOfEachNamespace) {
  const FakeRoot root;
  root.process(1, "init", 100);
  root.process(812, "nginx", 200);
  root.file("proc/1/net/snmp", kSnmp);
  root.file("proc/1/net/netstat", kNetstat);
  root.file("proc/812/net/snmp", "Tcp: OutRsts\nTcp: 9\n");
  const CountersByNetns all = read_kernel_counters(root.path());
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all.at(100).name, "host");
  EXPECT_EQ(all.at(100).counters.at("TcpExt.TCPAbortOnData"), 7U);
  EXPECT_EQ(all.at(200).name, "pid 812 (nginx)");
  EXPECT_EQ(all.at(200).counters.at("Tcp.OutRsts"), 9U);
  EXPECT_EQ(all.at(200).unreadable, "");
}

TEST(ReadKernelCounters, TheNextProcessSpeaksWhereTheFirstCannot) {
  const FakeRoot root;
  root.process(1, "init", 100);
  root.process(2, "other", 100);
  root.file("proc/2/net/snmp", kSnmp);
  EXPECT_EQ(read_kernel_counters(root.path()).at(100).counters.at("Tcp.EstabResets"), 4U);
}

TEST(ReadKernelCounters, WhatCannotBeReadSaysWhy) {
  const FakeRoot root;
  root.process(812, "nginx", 200);
  root.file("run/netns/blue", "");  // no namespace: setns() fails
  const CountersByNetns all = read_kernel_counters(root.path());
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all.at(200).unreadable, "its processes exited while it was read");
  for (const auto& [netns, entry] : all) {
    EXPECT_TRUE(entry.counters.empty());
    EXPECT_FALSE(entry.unreadable.empty()) << entry.name;
  }
}

TEST(ReadKernelCounters, OfThisMachine) {
  const auto own = netns_of_pid("/", static_cast<std::uint32_t>(::getpid()));
  ASSERT_TRUE(own);
  const CountersByNetns all = read_kernel_counters("/");
  ASSERT_TRUE(all.contains(*own));
  EXPECT_TRUE(all.at(*own).counters.contains("Tcp.OutRsts"));
  EXPECT_TRUE(all.at(*own).counters.contains("TcpExt.TCPAbortOnData"));
}

}  // namespace
}  // namespace tcptrace::host
