// SPDX-License-Identifier: GPL-2.0
#include "host/host_facts.h"

#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "host/netns.h"
#include "unit/host/fake_root.h"

namespace tcptrace::host {
namespace {

using model::HostFacts;
using model::NetnsFacts;
using ::testing::IsEmpty;

constexpr std::string_view kSnmpOfTcp = "Tcp: MaxConn OutRsts\nTcp: -1 18446744073709551615\n";
constexpr std::string_view kNetDev =
    "Inter-|   Receive                                                |  Transmit\n"
    " face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop "
    "fifo colls carrier compressed\n"
    "    lo:     100       1    0    0    0     0          0         0      100       1    0    0 "
    "   0     0       0          0\n"
    "eth0.1@x:18446744073709551615 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n";

void add_net(const FakeRoot& root, const std::string& directory) {
  root.file(directory + "/snmp", kSnmpOfTcp);
  root.file(directory + "/netstat", "TcpExt: ListenDrops\nTcpExt: 7\n");
  root.file(directory + "/sockstat",
            "sockets: used 15\nTCP: inuse 1 orphan 2 tw 3 alloc 4 mem 5\nUDP: inuse 9 mem 8\n");
  root.file(directory + "/sockstat6", "TCP6: inuse 6\n");
  root.file(directory + "/dev", kNetDev);
}

// The reader is in namespace 100, and process 812 is in 200.
void add_host(const FakeRoot& root) {
  root.process(1, "init", 100);
  root.process(812, "nginx", 200);
  root.link("proc/thread-self/ns/net", "net:[100]");
  add_net(root, "proc/thread-self/net");
  add_net(root, "proc/812/net");
  root.file("proc/thread-self/net/softnet_stat",
            "03147266 00000000 0000000b 00000000\n00000001 ffffffff 00000001\n");
  root.file("proc/meminfo", "MemTotal:       24689792 kB\nMemFree: 1 kB\n");
  root.file("proc/sys/kernel/hostname", "node-7\n");
  root.file("proc/sys/kernel/osrelease", "6.1.0-31-amd64\n");
  root.file("proc/sys/net/ipv4/tcp_fin_timeout", "60\n");
  root.file("proc/sys/net/ipv4/tcp_rmem", "4096\t131072\t6291456\n");
  root.file("proc/sys/net/ipv4/ip_local_reserved_ports", "\n");
}

const NetnsFacts* netns(const HostFacts& facts, std::uint32_t inode) {
  const auto found = std::ranges::find(facts.namespaces, inode, &NetnsFacts::inode);
  return found == facts.namespaces.end() ? nullptr : &*found;
}

HostFacts facts_of(const FakeRoot& root, const FactsWanted& wanted = {}) {
  return read_host_facts(root.path(), list_netns(root.path()), wanted);
}

bool unread(const HostFacts& facts, std::string_view what) {
  return std::ranges::any_of(facts.unread, [&](const model::UnreadFact& fact) {
    return fact.what == what && !fact.why.empty();
  });
}

TEST(HostFacts, OfTheReadersOwnNamespace) {
  const FakeRoot root;
  add_host(root);
  const HostFacts facts = facts_of(root);
  EXPECT_EQ(facts.host, "node-7");
  EXPECT_EQ(facts.kernel, "6.1.0-31-amd64");
  EXPECT_EQ(facts.memory_bytes, 24689792ULL * 1024);
  EXPECT_GT(facts.boot_time.count(), 0);
  ASSERT_FALSE(facts.namespaces.empty());
  const NetnsFacts& own = facts.namespaces.front();
  EXPECT_EQ(own.inode, 100U);
  EXPECT_EQ(own.name, "host");
  EXPECT_TRUE(own.host);
  EXPECT_TRUE(own.own);
  EXPECT_EQ(own.counters.at("Tcp.OutRsts"), UINT64_MAX);
  EXPECT_EQ(own.counters.at("TcpExt.ListenDrops"), 7U);
  EXPECT_EQ(own.sysctls, (model::Sysctls{{"net.ipv4.ip_local_reserved_ports", ""},
                                         {"net.ipv4.tcp_fin_timeout", "60"},
                                         {"net.ipv4.tcp_rmem", "4096 131072 6291456"}}));
  EXPECT_FALSE(own.conntrack);
}

TEST(HostFacts, SocketsAndMemoryOfSockstat) {
  const FakeRoot root;
  add_host(root);
  const HostFacts facts = facts_of(root);
  const auto& sockstat = facts.namespaces.front().sockstat;
  ASSERT_TRUE(sockstat);
  EXPECT_EQ(sockstat->tcp_inuse, 1U);
  EXPECT_EQ(sockstat->tcp6_inuse, 6U);
  EXPECT_EQ(sockstat->orphan, 2U);
  EXPECT_EQ(sockstat->time_wait, 3U);
  EXPECT_EQ(sockstat->alloc, 4U);
  EXPECT_EQ(sockstat->memory_pages, 5U);
}

TEST(HostFacts, InterfacesWithNamesAndNumbersAsTheyCome) {
  const FakeRoot root;
  add_host(root);
  const HostFacts facts = facts_of(root);
  const auto& interfaces = facts.namespaces.front().interfaces;
  ASSERT_EQ(interfaces.size(), 2U);
  EXPECT_EQ(interfaces[0].name, "lo");
  const model::Interface& hostile = interfaces[1];
  EXPECT_EQ(hostile.name, "eth0.1@x");
  EXPECT_EQ(hostile.rx_bytes, UINT64_MAX);
  EXPECT_EQ(hostile.rx_errors, 3U);
  EXPECT_EQ(hostile.rx_dropped, 4U);
  EXPECT_EQ(hostile.rx_overruns, 5U);
  EXPECT_EQ(hostile.tx_dropped, 12U);
  EXPECT_EQ(hostile.collisions, 14U);
  EXPECT_EQ(hostile.carrier_errors, 15U);
}

TEST(HostFacts, SoftnetOfAllCpusHoweverManyColumns) {
  const FakeRoot root;
  add_host(root);
  const HostFacts facts = facts_of(root);
  ASSERT_TRUE(facts.softnet);
  EXPECT_EQ(facts.softnet->cpus, 2U);
  EXPECT_EQ(facts.softnet->processed, 0x03147267U);
  EXPECT_EQ(facts.softnet->dropped, 0xffffffffU);
  EXPECT_EQ(facts.softnet->time_squeeze, 12U);
}

TEST(HostFacts, AnotherNamespaceThatCannotBeEnteredHasCountersAndNoSettings) {
  const FakeRoot root;
  add_host(root);
  const HostFacts facts = facts_of(root);
  const NetnsFacts* other = netns(facts, 200);
  ASSERT_NE(other, nullptr);
  EXPECT_EQ(other->name, "pid 812 (nginx)");
  EXPECT_FALSE(other->own);
  EXPECT_EQ(other->counters.at("Tcp.OutRsts"), UINT64_MAX);
  EXPECT_THAT(other->sysctls, IsEmpty());
  EXPECT_TRUE(unread(facts, "the settings of pid 812 (nginx)"));
  EXPECT_EQ(facts.unread.size(), 1U);
}

TEST(HostFacts, ConntrackByTheNamesOfItsColumns) {
  const FakeRoot root;
  add_host(root);
  root.file("proc/thread-self/net/stat/nf_conntrack",
            "entries  searched found new drop early_drop insert_failed\n"
            "00000a00  00000000 00000000 00000000 00000001 00000010 00000100\n"
            "00000a00  00000000 00000000 00000000 00000002 00000020 00000200\n");
  root.file("proc/sys/net/netfilter/nf_conntrack_max", "262144\n");
  const HostFacts first = facts_of(root);
  const auto& conntrack = first.namespaces.front().conntrack;
  ASSERT_TRUE(conntrack);
  EXPECT_EQ(conntrack->count, 0xa00U);
  EXPECT_EQ(conntrack->limit, 262144U);
  EXPECT_EQ(conntrack->drop, 3U);
  EXPECT_EQ(conntrack->early_drop, 0x30U);
  EXPECT_EQ(conntrack->insert_failed, 0x300U);
  // Where both are there the setting is newer.
  root.file("proc/sys/net/netfilter/nf_conntrack_count", "17\n");
  EXPECT_EQ(facts_of(root, {.sysctls = false}).namespaces.front().conntrack->count, 17U);
}

TEST(HostFacts, WithoutIpv6AndWithoutNetstat) {
  const FakeRoot root;
  add_host(root);
  for (const char* name : {"sockstat6", "netstat"}) {
    std::filesystem::remove(root.path() / "proc/thread-self/net" / name);
  }
  const HostFacts facts = facts_of(root);
  ASSERT_TRUE(facts.namespaces.front().own);
  EXPECT_EQ(facts.namespaces.front().sockstat->tcp6_inuse, 0U);
  EXPECT_EQ(facts.namespaces.front().counters.size(), 1U);
}

TEST(HostFacts, AnEmptyRootSaysWhatIsMissing) {
  const FakeRoot root;
  root.process(1, "init", 100);
  root.link("proc/thread-self/ns/net", "net:[100]");
  const HostFacts facts = facts_of(root);
  EXPECT_THAT(facts.namespaces, IsEmpty());
  EXPECT_TRUE(unread(facts, "net/softnet_stat"));
  EXPECT_TRUE(unread(facts, "host"));
}

TEST(HostFacts, WhoMayNotLookAtProcessOneDoesNotSeeAll) {
  const FakeRoot root;
  add_host(root);
  EXPECT_FALSE(other_processes_hidden(root.path()));
  std::filesystem::remove(root.path() / "proc/1/ns/net");
  EXPECT_TRUE(other_processes_hidden(root.path()));
}

TEST(HostFacts, TheLightReadingLeavesOutWhatIsNotWanted) {
  const FakeRoot root;
  add_host(root);
  const HostFacts facts = facts_of(root, {.sysctls = false, .interfaces = false, .labels = false});
  const NetnsFacts& own = facts.namespaces.front();
  EXPECT_THAT(own.sysctls, IsEmpty());
  EXPECT_THAT(own.interfaces, IsEmpty());
  EXPECT_EQ(own.name, "");
  EXPECT_FALSE(own.counters.empty());
  EXPECT_THAT(facts.unread, IsEmpty());
}

TEST(HostFacts, CountersAloneOfEveryNamespaceAndNothingElse) {
  const FakeRoot root;
  add_host(root);
  root.file("proc/thread-self/net/stat/nf_conntrack", "entries drop\n00000002 00000003\n");
  const HostFacts facts = facts_of(root, kCountersOnly);
  ASSERT_EQ(facts.namespaces.size(), 2U);
  for (const NetnsFacts& netns : facts.namespaces) {
    EXPECT_EQ(netns.counters.at("Tcp.OutRsts"), UINT64_MAX);
    ASSERT_TRUE(netns.sockstat);
    EXPECT_EQ(netns.sockstat->orphan, 2U);
    EXPECT_FALSE(netns.conntrack);
    EXPECT_THAT(netns.sysctls, IsEmpty());
  }
  EXPECT_EQ(facts.host, "");
  EXPECT_EQ(facts.memory_bytes, 0U);
  EXPECT_FALSE(facts.softnet);
  EXPECT_GT(facts.page_bytes, 0U);
  EXPECT_THAT(facts.unread, IsEmpty());
}

TEST(HostFacts, OfThisMachine) {
  const HostFacts facts = read_host_facts("/", list_netns("/"));
  ASSERT_FALSE(facts.namespaces.empty());
  const NetnsFacts& own = facts.namespaces.front();
  EXPECT_TRUE(own.own);
  EXPECT_TRUE(own.sysctls.contains("net.ipv4.ip_local_port_range"));
  EXPECT_TRUE(own.counters.contains("Tcp.OutRsts"));
  EXPECT_TRUE(own.sockstat);
  EXPECT_FALSE(own.interfaces.empty());
  EXPECT_GT(facts.memory_bytes, 0U);
  EXPECT_EQ(facts.softnet->cpus, static_cast<std::uint32_t>(::sysconf(_SC_NPROCESSORS_ONLN)));
}

}  // namespace
}  // namespace tcptrace::host
