// SPDX-License-Identifier: GPL-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tuned_host.h"

namespace tcptrace::tune {
namespace {

using model::TuneBasis;
using model::TuneProfile;
using ::testing::HasSubstr;

constexpr std::string_view kTime = "net.ipv4.tcp_keepalive_time";
constexpr std::string_view kProbes = "net.ipv4.tcp_keepalive_probes";
constexpr std::string_view kIntvl = "net.ipv4.tcp_keepalive_intvl";
constexpr std::string_view kFin = "net.ipv4.tcp_fin_timeout";
constexpr std::string_view kRetries2 = "net.ipv4.tcp_retries2";
constexpr std::string_view kTracked = "net.netfilter.nf_conntrack_tcp_timeout_established";

TEST(TimerRules, KeepAliveThatComesAfterConntrackForgotIsTooLate) {
  TunedHost host;
  host.tracked(10, 65536);
  host.set(kTracked, "3600");
  EXPECT_EQ(host.proposed(kTime), "1800");
  EXPECT_EQ(host.evidence(kTime),
            "nf_conntrack_tcp_timeout_established 3600 s, first probe after 7200 s; 10 of 65,536 "
            "tracked connections (0 %)");
  host.set(kTracked, "7201");
  EXPECT_EQ(host.proposed(kTime), "");
  host.set(kTracked, "3600");
  host.tracked(0, 65536);
  EXPECT_EQ(host.proposed(kTime), "") << "nothing is tracked";
}

TEST(TimerRules, ProfilesProbeSooner) {
  TunedHost host;
  EXPECT_EQ(host.proposed(kTime), "");
  host.profile = TuneProfile::kWeb;
  EXPECT_EQ(host.proposed(kTime), "300");
  EXPECT_EQ(host.basis(kTime), TuneBasis::kGeneralAdvice);
  EXPECT_EQ(host.proposed(kProbes), "5");
  EXPECT_EQ(host.proposed(kIntvl), "30");
  host.set(kTime, "600");
  host.set(kProbes, "5");
  host.set(kIntvl, "30");
  EXPECT_EQ(host.proposed(kTime), "");
  EXPECT_EQ(host.proposed(kProbes), "");
  EXPECT_EQ(host.proposed(kIntvl), "");
  host.profile = TuneProfile::kLowMemory;
  host.set(kTime, "1801");
  EXPECT_EQ(host.proposed(kTime), "1800");
}

TEST(TimerRules, FewProbesOnALossyPathAreTooFew) {
  TunedHost host;
  host.set(kProbes, "2");
  host.count("TcpExt.TCPAbortOnTimeout", 17);
  host.count("Tcp.OutSegs", 990'000);
  host.count("Tcp.RetransSegs", 9'999);
  EXPECT_EQ(host.proposed(kProbes), "") << "below one percent";
  host.count("Tcp.RetransSegs", 10'000);
  EXPECT_EQ(host.proposed(kProbes), "9");
  EXPECT_THAT(host.evidence(kProbes), HasSubstr("TCPAbortOnTimeout 17"));
  EXPECT_THAT(host.evidence(kProbes), HasSubstr("RetransSegs 1.0 % of 1,000,000 segments"));
  host.set(kProbes, "3");
  EXPECT_EQ(host.proposed(kProbes), "");
}

TEST(TimerRules, ProbesWithinSecondsOnALossyPathAreTooHasty) {
  TunedHost host;
  host.set(kProbes, "3");
  host.set(kIntvl, "4");
  host.count("TcpExt.TCPAbortOnTimeout", 17);
  host.count("Tcp.RetransSegs", 20'000);
  EXPECT_EQ(host.proposed(kIntvl), "75");
  EXPECT_THAT(host.evidence(kIntvl), HasSubstr("3 probes 4 s apart"));
  host.set(kIntvl, "5");
  EXPECT_EQ(host.proposed(kIntvl), "");
  host.set(kIntvl, "4");
  host.count("TcpExt.TCPAbortOnTimeout", 0);
  EXPECT_EQ(host.proposed(kIntvl), "") << "nothing was given up";
}

TEST(TimerRules, AFinTimeoutThatWasLoweredAgainstTimeWaitIsPutBack) {
  TunedHost host;
  host.set(kFin, "29");
  EXPECT_EQ(host.proposed(kFin), "60");
  EXPECT_EQ(host.basis(kFin), TuneBasis::kHarmful);
  EXPECT_THAT(host.proposal(kFin)->reason, HasSubstr("does not shorten TIME_WAIT"));
  EXPECT_EQ(host.evidence(kFin), "it is 29, and the kernel's default is 60");
  host.set(kFin, "30");
  EXPECT_EQ(host.proposed(kFin), "");
}

TEST(TimerRules, FinWait2ThatTakesThePlacesOfTimeWaitIsShortened) {
  TunedHost host;
  host.in_state(model::TcpState::kFinWait2, 16'384);
  EXPECT_EQ(host.proposed(kFin), "") << "nothing overflowed";
  host.count("TcpExt.TCPTimeWaitOverflow", 3);
  EXPECT_EQ(host.proposed(kFin), "30");
  EXPECT_THAT(host.evidence(kFin), HasSubstr("16,384 connections in FIN_WAIT2"));
  host.in_state(model::TcpState::kFinWait2, 16'383);
  EXPECT_EQ(host.proposed(kFin), "");
}

TEST(TimerRules, ALongFinTimeoutMattersWhereOrphansAreShort) {
  TunedHost host;
  host.set(kFin, "300");
  host.netns.sockstat->orphan = 32'767;
  EXPECT_EQ(host.proposed(kFin), "");
  host.netns.sockstat->orphan = 32'768;
  EXPECT_EQ(host.proposed(kFin), "60");
  EXPECT_THAT(host.evidence(kFin), HasSubstr("32,768 orphans of tcp_max_orphans 65,536"));
  host.netns.sockstat->orphan = 0;
  host.count("TcpExt.TCPAbortOnMemory", 1);
  EXPECT_EQ(host.proposed(kFin), "60");
}

TEST(TimerRules, LowMemoryForgetsFinWait2Sooner) {
  TunedHost host;
  host.profile = TuneProfile::kLowMemory;
  EXPECT_EQ(host.proposed(kFin), "30");
  EXPECT_EQ(host.basis(kFin), TuneBasis::kGeneralAdvice);
  host.profile = TuneProfile::kWeb;
  EXPECT_EQ(host.proposed(kFin), "");
}

TEST(TimerRules, FewRetriesArePutBack) {
  TunedHost host;
  host.set(kRetries2, "7");
  EXPECT_EQ(host.proposed(kRetries2), "15");
  EXPECT_EQ(host.basis(kRetries2), TuneBasis::kHarmful);
  host.count("TcpExt.TCPAbortOnTimeout", 812);
  EXPECT_EQ(host.basis(kRetries2), TuneBasis::kEvidence);
  EXPECT_THAT(host.evidence(kRetries2), HasSubstr("TCPAbortOnTimeout 812"));
  host.set(kRetries2, "8");
  EXPECT_EQ(host.proposed(kRetries2), "");
}

TEST(TimerRules, AProxyGivesUpSoonerByGeneralAdvice) {
  TunedHost host;
  host.profile = TuneProfile::kProxy;
  EXPECT_EQ(host.proposed(kRetries2), "8");
  host.set(kRetries2, "8");
  EXPECT_EQ(host.proposed(kRetries2), "");
  host.set(kRetries2, "15");
  host.profile = TuneProfile::kWeb;
  EXPECT_EQ(host.proposed(kRetries2), "");
}

}  // namespace
}  // namespace tcptrace::tune
