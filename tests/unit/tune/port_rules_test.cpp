// SPDX-License-Identifier: GPL-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tuned_host.h"

namespace tcptrace::tune {
namespace {

using model::TuneBasis;
using model::TuneProfile;
using ::testing::HasSubstr;

constexpr std::string_view kRange = "net.ipv4.ip_local_port_range";
constexpr std::string_view kReserved = "net.ipv4.ip_local_reserved_ports";
constexpr std::string_view kReuse = "net.ipv4.tcp_tw_reuse";
constexpr std::string_view kRecycle = "net.ipv4.tcp_tw_recycle";
constexpr std::string_view kTwBuckets = "net.ipv4.tcp_max_tw_buckets";

// 28,232 ports are in the default range: four fifths of them are 22,586.
TEST(PortRules, PortsThatRunOutTowardsOnePeerJustifyAWiderRange) {
  TunedHost host;
  model::PortUse& use = host.port_use(22'585, 0);
  EXPECT_EQ(host.proposed(kRange), "");
  use.ports = 22'586;
  EXPECT_EQ(host.proposed(kRange), "10240 65535");
  EXPECT_EQ(host.evidence(kRange),
            "22,586 local ports taken and 0 in TIME_WAIT towards 10.0.0.7:5432, of 28,232");
  EXPECT_THAT(host.proposal(kRange)->reason, HasSubstr("EADDRNOTAVAIL"));
}

TEST(PortRules, TheNextRangeIsAsWideAsItTakes) {
  TunedHost host;
  host.set(kRange, "32768 40000");
  host.port_use(7'000, 0);
  EXPECT_EQ(host.proposed(kRange), "20000 60999");
  host.set(kRange, "1024 65535");
  host.census->port_use.front().ports = 60'000;
  EXPECT_EQ(host.proposed(kRange), "");
  EXPECT_THAT(host.kept(kRange), HasSubstr("cannot be widened further"));
}

TEST(PortRules, AnotherNamespacesPortsAreNotOurs) {
  TunedHost host;
  host.port_use(28'000, 0).netns = 7;
  EXPECT_EQ(host.proposed(kRange), "");
  EXPECT_EQ(host.kept(kRange), "this host makes no connections from it");
}

TEST(PortRules, ReservedPortsAreNoneToUse) {
  TunedHost host;
  host.port_use(20'000, 0);
  EXPECT_EQ(host.proposed(kRange), "");
  host.set(kReserved, "40000-49999");
  EXPECT_EQ(host.proposed(kRange), "20000 60999");
  EXPECT_THAT(host.evidence(kRange), HasSubstr("10,000 ports of the range are reserved"));
}

TEST(PortRules, ListenersInTheWiderRangeAreSaidAndReserved) {
  TunedHost host;
  host.port_use(25'000, 0);
  host.listener(80, 128);
  EXPECT_EQ(host.proposed(kReserved), "") << "80 is in no range";
  EXPECT_THAT(host.proposal(kRange)->risk, HasSubstr("No listener has a port in it"));
  host.listener(18'080, 128);
  host.listener(18'081, 128);
  host.listener(18'080, 128);
  host.listener(40'000, 128);  // in the range as it is
  host.listener(11'211, 128).netns = 7;
  host.set(kReserved, "9000,18082");
  EXPECT_THAT(host.proposal(kRange)->risk, HasSubstr("ports of listeners: :18080, :18081."));
  EXPECT_EQ(host.proposed(kReserved), "9000,18080-18082");
  host.set(kReserved, "18080-18082");
  EXPECT_EQ(host.proposed(kReserved), "") << "reserved already";
}

TEST(PortRules, TimeWaitThatHoldsThePortsSpeaksForReuseFirst) {
  TunedHost host;
  host.port_use(2'000, 20'585);
  EXPECT_EQ(host.proposed(kReuse), "");
  host.census->port_use.front().time_wait = 20'586;
  EXPECT_EQ(host.proposed(kReuse), "1");
  EXPECT_THAT(host.evidence(kReuse), HasSubstr("2,000 local ports taken and 20,586 in TIME_WAIT"));
  EXPECT_EQ(host.proposed(kRange), "");
  EXPECT_THAT(host.kept(kRange), HasSubstr("tcp_tw_reuse is the better help"));
}

TEST(PortRules, ReuseThatIsOnOrCannotWorkIsNotProposed) {
  TunedHost host;
  host.port_use(2'000, 25'000);
  host.set(kReuse, "1");
  EXPECT_EQ(host.proposed(kReuse), "");
  EXPECT_EQ(host.proposed(kRange), "") << "they are free after a second";
  host.set(kReuse, "0");
  host.set("net.ipv4.tcp_timestamps", "0");
  EXPECT_EQ(host.proposed(kReuse), "");
  EXPECT_EQ(host.proposed(kRange), "10240 65535") << "nothing but more ports helps";
}

TEST(PortRules, LoopbackIsReusedByDefault) {
  TunedHost host;
  model::PortUse& use = host.port_use(2'000, 25'000);
  use.local.bytes[0] = use.peer.bytes[0] = 127;
  EXPECT_EQ(host.proposed(kReuse), "");
  EXPECT_THAT(host.kept(kRange), Not(HasSubstr("cannot be widened"))) << "they are free";
  host.set(kReuse, "0");
  EXPECT_EQ(host.proposed(kReuse), "1");
}

TEST(PortRules, LoopbackOfIpv6Too) {
  TunedHost host;
  model::PortUse& use = host.port_use(2'000, 25'000);
  use.family = model::Family::kIpv6;
  use.peer = use.local = model::Address{};
  use.peer.bytes.back() = 1;
  EXPECT_EQ(host.proposed(kReuse), "");
  use.peer.bytes[0] = 0xfe;
  EXPECT_EQ(host.proposed(kReuse), "1");
  EXPECT_THAT(host.evidence(kReuse), HasSubstr("towards [fe00::1]:5432"));
}

TEST(PortRules, AProxyHasGeneralAdvice) {
  TunedHost host;
  host.profile = TuneProfile::kProxy;
  EXPECT_EQ(host.proposed(kRange), "10240 65535");
  EXPECT_EQ(host.basis(kRange), TuneBasis::kGeneralAdvice);
  EXPECT_EQ(host.proposed(kReuse), "1");
  EXPECT_EQ(host.basis(kReuse), TuneBasis::kGeneralAdvice);
  host.set(kRange, "10240 65535");
  host.set(kReuse, "1");
  EXPECT_EQ(host.proposed(kRange), "");
  EXPECT_EQ(host.proposed(kReuse), "");
}

TEST(PortRules, RecycleIsPutBackWhereAKernelHasIt) {
  TunedHost host;
  EXPECT_EQ(host.kept(kRecycle), "");
  host.set(kRecycle, "0");
  EXPECT_EQ(host.kept(kRecycle), "off");
  host.set(kRecycle, "1");
  EXPECT_EQ(host.proposed(kRecycle), "0");
}

TEST(PortRules, TimeWaitBucketsThatWereLoweredArePutBack) {
  TunedHost host;
  host.set(kTwBuckets, "65535");
  EXPECT_EQ(host.proposed(kTwBuckets), "65536");
  EXPECT_EQ(host.basis(kTwBuckets), TuneBasis::kHarmful);
  host.set("net.ipv4.tcp_ehash_entries", "-131072");
  EXPECT_EQ(host.proposed(kTwBuckets), "65536") << "a namespace that uses the host's table";
  host.remove("net.ipv4.tcp_ehash_entries");
  EXPECT_EQ(host.proposed(kTwBuckets), "") << "the default is not known";
}

TEST(PortRules, TimeWaitBucketsThatRunOutAreRaised) {
  TunedHost host;
  host.count("TcpExt.TCPTimeWaitOverflow", 44);
  host.netns.sockstat->time_wait = 52'428;
  EXPECT_EQ(host.proposed(kTwBuckets), "") << "not nearly reached now";
  host.netns.sockstat->time_wait = 52'429;
  EXPECT_EQ(host.proposed(kTwBuckets), "131072");
  EXPECT_THAT(host.evidence(kTwBuckets), HasSubstr("52,429 in TIME_WAIT now, of 65,536"));
  host.count("TcpExt.TCPTimeWaitOverflow", 0);
  EXPECT_EQ(host.proposed(kTwBuckets), "");
}

TEST(PortRules, HostileListsAreNoPorts) {
  TunedHost host;
  host.port_use(25'000, 0);
  host.listener(18'080, 128);
  host.set(kReserved, "99999,9-,x,-1,5-4,70000-70001,,18446744073709551616,7");
  EXPECT_EQ(host.proposed(kReserved), "7,18080");
  host.set(kRange, "60999 32768");
  EXPECT_EQ(host.proposed(kRange), "10240 65535") << "the default is taken for it";
}

}  // namespace
}  // namespace tcptrace::tune
