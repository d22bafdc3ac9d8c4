// SPDX-License-Identifier: GPL-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tuned_host.h"

namespace tcptrace::tune {
namespace {

using model::TuneBasis;
using model::TuneProfile;
using ::testing::HasSubstr;

constexpr std::string_view kMax = "net.netfilter.nf_conntrack_max";
constexpr std::string_view kConntrackBuckets = "net.netfilter.nf_conntrack_buckets";
constexpr std::string_view kEstablished = "net.netfilter.nf_conntrack_tcp_timeout_established";
constexpr std::string_view kTimeWait = "net.netfilter.nf_conntrack_tcp_timeout_time_wait";

TEST(ConntrackRules, ATableThatIsNearlyFullIsMadeLarger) {
  TunedHost host;
  host.tracked(52'428, 65'536);
  EXPECT_EQ(host.proposed(kMax), "");
  host.tracked(52'429, 65'536);
  host.netns.conntrack->early_drop = 12;
  EXPECT_EQ(host.proposed(kMax), "131072");
  EXPECT_EQ(host.evidence(kMax),
            "52,429 of 65,536 tracked connections (80 %); early_drop 12 since boot (3 d 4 h)");
  EXPECT_THAT(host.proposal(kMax)->risk, HasSubstr("40.0 MiB"));
  EXPECT_THAT(host.proposal(kMax)->risk, HasSubstr("only where nf_conntrack is loaded"));
}

TEST(ConntrackRules, ButNotBeyondTheMemory) {
  TunedHost host;
  host.tracked(60'000, 65'536);
  host.facts.memory_bytes = 320ULL << 20;
  EXPECT_EQ(host.proposed(kMax), "131072") << "an eighth of it";
  host.facts.memory_bytes -= 4096;
  EXPECT_EQ(host.proposed(kMax), "");
  EXPECT_THAT(host.kept(kMax), HasSubstr("would not fit the memory"));
}

TEST(ConntrackRules, WithoutConnectionsNothingIsProposed) {
  TunedHost host;
  EXPECT_EQ(host.proposed(kMax), "");
  EXPECT_EQ(host.kept(kMax), "no connection is tracked");
  host.profile = TuneProfile::kProxy;
  EXPECT_EQ(host.proposed(kMax), "");
}

TEST(ConntrackRules, LongChainsGetMoreBuckets) {
  TunedHost host;
  host.tracked(40'000, 65'536);
  host.set(kConntrackBuckets, "16384");
  EXPECT_EQ(host.proposed(kConntrackBuckets), "") << "four entries each";
  host.set(kConntrackBuckets, "8192");
  EXPECT_EQ(host.proposed(kConntrackBuckets), "16384");
  EXPECT_THAT(host.evidence(kConntrackBuckets), HasSubstr("8 entries for each of 8,192 buckets"));
  host.tracked(60'000, 65'536);
  EXPECT_EQ(host.proposed(kConntrackBuckets), "32768") << "for the table as it will be";
  host.tracked(100, 65'536);
  EXPECT_EQ(host.proposed(kConntrackBuckets), "");
}

TEST(ConntrackRules, AFullTableKeepsSilentConnectionsForADay) {
  TunedHost host;
  host.tracked(100, 65'536);
  EXPECT_EQ(host.proposed(kEstablished), "");
  host.tracked(60'000, 65'536);
  EXPECT_EQ(host.proposed(kEstablished), "86400");
  EXPECT_THAT(host.evidence(kEstablished), HasSubstr("a silent connection is kept for 5 d"));
  host.set(kEstablished, "86400");
  EXPECT_EQ(host.proposed(kEstablished), "");
  host.set(kEstablished, "432000");
  host.set("net.ipv4.tcp_keepalive_time", "86400");
  EXPECT_EQ(host.proposed(kEstablished), "") << "the keep-alive would come too late";
}

TEST(ConntrackRules, TimeWaitThatFillsTheTableIsKeptForAMinute) {
  TunedHost host;
  host.tracked(60'000, 65'536);
  host.netns.sockstat->time_wait = 14'999;
  EXPECT_EQ(host.proposed(kTimeWait), "");
  host.netns.sockstat->time_wait = 15'000;
  EXPECT_EQ(host.proposed(kTimeWait), "60");
  EXPECT_THAT(host.evidence(kTimeWait), HasSubstr("15,000 of this host's own sockets"));
  host.tracked(40'000, 65'536);
  EXPECT_EQ(host.proposed(kTimeWait), "") << "there is room";
}

TEST(ConntrackRules, AProxyHasGeneralAdvice) {
  TunedHost host;
  host.tracked(100, 65'536);
  host.profile = TuneProfile::kProxy;
  EXPECT_EQ(host.proposed(kMax), "262144");
  EXPECT_EQ(host.basis(kMax), TuneBasis::kGeneralAdvice);
  EXPECT_EQ(host.proposed(kEstablished), "86400");
  host.tracked(100, 262'144);
  EXPECT_EQ(host.proposed(kMax), "");
}

}  // namespace
}  // namespace tcptrace::tune
