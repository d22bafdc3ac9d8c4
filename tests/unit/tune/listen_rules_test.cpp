// SPDX-License-Identifier: GPL-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tuned_host.h"

namespace tcptrace::tune {
namespace {

using model::TuneBasis;
using model::TuneProfile;
using ::testing::HasSubstr;

constexpr std::string_view kSomaxconn = "net.core.somaxconn";
constexpr std::string_view kSynBacklog = "net.ipv4.tcp_max_syn_backlog";
constexpr std::string_view kSyncookies = "net.ipv4.tcp_syncookies";
constexpr std::string_view kAbort = "net.ipv4.tcp_abort_on_overflow";

TEST(ListenRules, AListenerHeldAtSomaxconnThatOverflowedJustifiesMore) {
  TunedHost host;
  host.set(kSomaxconn, "128");
  host.count("TcpExt.ListenOverflows", 812);
  host.listener(8080, 128, 90);
  EXPECT_EQ(host.proposed(kSomaxconn), "4096");
  EXPECT_EQ(host.evidence(kSomaxconn),
            "ListenOverflows 812 since boot (3 d 4 h); backlog of :8080 limited to 128 by "
            "somaxconn, 90 waiting now");
  EXPECT_EQ(host.basis(kSomaxconn), TuneBasis::kEvidence);
}

TEST(ListenRules, OverflowsOfAServerThatAsksForLessAreNotSomaxconns) {
  TunedHost host;
  host.set(kSomaxconn, "128");
  host.count("TcpExt.ListenOverflows", 812);
  host.listener(8080, 50, 51);
  EXPECT_EQ(host.proposed(kSomaxconn), "");
  EXPECT_THAT(host.kept(kSomaxconn), HasSubstr("asks listen() for is the limit"));
}

TEST(ListenRules, AListenerOfAnotherNamespaceIsNoEvidence) {
  TunedHost host;
  host.set(kSomaxconn, "128");
  host.count("TcpExt.ListenOverflows", 812);
  host.listener(8080, 128, 90).netns = 7;
  EXPECT_EQ(host.proposed(kSomaxconn), "");
}

TEST(ListenRules, WithoutOverflowsALowSomaxconnStays) {
  TunedHost host;
  host.set(kSomaxconn, "128");
  host.listener(8080, 128);
  EXPECT_EQ(host.proposed(kSomaxconn), "");
  EXPECT_EQ(host.kept(kSomaxconn), "no queue of a listener was ever full");
}

TEST(ListenRules, OverflowsAreBelievedWithoutTheSocketsUpToTheDefault) {
  TunedHost host;
  host.census.reset();
  host.count("TcpExt.ListenOverflows", 812);
  EXPECT_EQ(host.proposed(kSomaxconn), "");
  host.set(kSomaxconn, "128");
  EXPECT_EQ(host.proposed(kSomaxconn), "4096");
}

// The counter is of the past: what was raised because of it must not be raised at every run.
TEST(ListenRules, BeyondTheDefaultTheQueueMustBeFullNow) {
  TunedHost host;
  host.count("TcpExt.ListenOverflows", 812);
  model::ListenerCount& one = host.listener(8080, 4096, 3000);
  EXPECT_EQ(host.proposed(kSomaxconn), "");
  one.backlog = 3500;
  EXPECT_EQ(host.proposed(kSomaxconn), "8192");
  host.set(kSomaxconn, "65535");
  one.limit = one.backlog = 65535;
  EXPECT_EQ(host.proposed(kSomaxconn), "") << "the most that there is";
}

TEST(ListenRules, ServersHaveGeneralAdviceForSomaxconn) {
  TunedHost host;
  host.set(kSomaxconn, "1024");
  host.profile = TuneProfile::kWeb;
  EXPECT_EQ(host.proposed(kSomaxconn), "4096");
  EXPECT_EQ(host.basis(kSomaxconn), TuneBasis::kGeneralAdvice);
  host.set(kSomaxconn, "4096");
  EXPECT_EQ(host.proposed(kSomaxconn), "");
  host.set(kSomaxconn, "1024");
  host.profile = TuneProfile::kLowMemory;
  EXPECT_EQ(host.proposed(kSomaxconn), "");
}

TEST(ListenRules, MaxSynBacklogIsNotLookedAtBehindCookies) {
  TunedHost host;
  host.listener(80, 4096).syn_recv = 1000;
  EXPECT_EQ(host.proposed(kSynBacklog), "");
  EXPECT_THAT(host.kept(kSynBacklog), HasSubstr("does not look at it while tcp_syncookies is on"));
  host.set(kSyncookies, "0");
  EXPECT_EQ(host.proposed(kSynBacklog), "");
  EXPECT_THAT(host.kept(kSynBacklog), HasSubstr("belongs on"));
}

TEST(ListenRules, AKernelWithoutCookiesDropsBeyondThreeQuartersOfMaxSynBacklog) {
  TunedHost host;
  host.remove(kSyncookies);
  model::ListenerCount& one = host.listener(80, 4096);
  one.syn_recv = 767;
  EXPECT_EQ(host.proposed(kSynBacklog), "");
  one.syn_recv = 768;
  host.count("TcpExt.ListenDrops", 40);
  EXPECT_EQ(host.proposed(kSynBacklog), "2048");
  EXPECT_EQ(host.evidence(kSynBacklog),
            ":80 has 768 in SYN_RECV, and beyond three quarters of 1024 SYNs are dropped; "
            "ListenDrops 40 since boot (3 d 4 h)");
}

TEST(ListenRules, CookiesBelongOnButNotForEverybody) {
  TunedHost host;
  EXPECT_EQ(host.kept(kSyncookies), "on, and no cookie was needed");
  host.count("TcpExt.TCPReqQFullDoCookies", 5);
  EXPECT_THAT(host.kept(kSyncookies), HasSubstr("TCPReqQFullDoCookies 5"));
  host.set(kSyncookies, "0");
  EXPECT_EQ(host.proposed(kSyncookies), "1");
  EXPECT_EQ(host.basis(kSyncookies), TuneBasis::kHarmful);
  host.count("TcpExt.TCPReqQFullDrop", 9);
  EXPECT_EQ(host.basis(kSyncookies), TuneBasis::kEvidence);
  EXPECT_THAT(host.evidence(kSyncookies), HasSubstr("TCPReqQFullDrop 9"));
  host.set(kSyncookies, "2");
  EXPECT_EQ(host.proposed(kSyncookies), "1");
}

TEST(ListenRules, AbortOnOverflowIsPutBack) {
  TunedHost host;
  host.count("TcpExt.ListenOverflows", 3);
  EXPECT_EQ(host.proposed(kAbort), "") << "off already";
  host.set(kAbort, "1");
  EXPECT_EQ(host.proposed(kAbort), "0");
  EXPECT_THAT(host.evidence(kAbort), HasSubstr("ListenOverflows 3"));
}

}  // namespace
}  // namespace tcptrace::tune
