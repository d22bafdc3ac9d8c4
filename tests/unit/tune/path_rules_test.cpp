// SPDX-License-Identifier: GPL-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tuned_host.h"

namespace tcptrace::tune {
namespace {

using model::TuneBasis;
using ::testing::HasSubstr;

constexpr std::string_view kCongestion = "net.ipv4.tcp_congestion_control";
constexpr std::string_view kAvailable = "net.ipv4.tcp_available_congestion_control";
constexpr std::string_view kNoMetrics = "net.ipv4.tcp_no_metrics_save";
constexpr std::string_view kBacklog = "net.core.netdev_max_backlog";
constexpr std::string_view kLowLatency = "net.ipv4.tcp_low_latency";

TunedHost lossy_host() {
  TunedHost host;
  host.count("Tcp.OutSegs", 980'000);
  host.count("Tcp.RetransSegs", 20'000);
  host.census->rtt[10] = 40;  // below 1 ms
  host.census->rtt[17] = 60;  // 65 to 131 ms
  return host;
}

TEST(PathRules, LossOverLongPathsSpeaksForBbrWhereItIsAvailable) {
  const TunedHost host = lossy_host();
  EXPECT_EQ(host.proposed(kCongestion), "bbr");
  EXPECT_EQ(host.evidence(kCongestion),
            "RetransSegs 2.0 % of 1,000,000 segments sent since boot (3 d 4 h); 60 % of 100 "
            "connections have a round trip of 16 ms or more");
}

TEST(PathRules, AnUnavailableAlgorithmIsNeverProposed) {
  TunedHost host = lossy_host();
  host.set(kAvailable, "reno cubic bbr2");
  EXPECT_EQ(host.proposed(kCongestion), "");
  EXPECT_THAT(host.kept(kCongestion), HasSubstr("no bbr available"));
}

TEST(PathRules, LessLossOrShortPathsDoNot) {
  TunedHost host = lossy_host();
  host.count("Tcp.RetransSegs", 19'999);
  EXPECT_EQ(host.proposed(kCongestion), "");
  host.count("Tcp.RetransSegs", 20'000);
  host.census->rtt[10] = 61;
  EXPECT_EQ(host.proposed(kCongestion), "");
  EXPECT_THAT(host.kept(kCongestion), HasSubstr("look for the lossy link first"));
  host.census.reset();
  EXPECT_EQ(host.proposed(kCongestion), "") << "no round trips are known";
}

TEST(PathRules, AHandfulOfSegmentsProvesNothing) {
  TunedHost host = lossy_host();
  host.count("Tcp.OutSegs", 4'999);
  host.count("Tcp.RetransSegs", 5'000);
  EXPECT_EQ(host.proposed(kCongestion), "");
}

TEST(PathRules, AnAlgorithmThatSomebodyChoseStays) {
  TunedHost host = lossy_host();
  host.set(kCongestion, "dctcp");
  EXPECT_EQ(host.proposed(kCongestion), "");
}

TEST(PathRules, MetricsAreSavedUnlessTheKernelSavesTheThresholdToo) {
  TunedHost host;
  EXPECT_EQ(host.proposed(kNoMetrics), "");
  host.set(kNoMetrics, "1");
  EXPECT_EQ(host.proposed(kNoMetrics), "0");
  EXPECT_EQ(host.basis(kNoMetrics), TuneBasis::kHarmful);
  host.remove("net.ipv4.tcp_no_ssthresh_metrics_save");
  EXPECT_EQ(host.proposed(kNoMetrics), "0") << "no loss";
  host.count("Tcp.OutSegs", 990'000);
  host.count("Tcp.RetransSegs", 10'000);
  EXPECT_EQ(host.proposed(kNoMetrics), "");
  EXPECT_THAT(host.kept(kNoMetrics), HasSubstr("RetransSegs 1.0 %"));
}

TEST(PathRules, OptionsOfTcpBelongOn) {
  for (const std::string_view name :
       {"net.ipv4.tcp_timestamps", "net.ipv4.tcp_sack", "net.ipv4.tcp_window_scaling"}) {
    TunedHost host;
    EXPECT_EQ(host.proposed(name), "") << name;
    host.set(name, "0");
    EXPECT_EQ(host.proposed(name), "1") << name;
    EXPECT_EQ(host.basis(name), TuneBasis::kHarmful) << name;
    EXPECT_EQ(host.evidence(name), "it is 0, and the kernel's default is 1");
    host.count("Tcp.OutSegs", 970'000);
    host.count("Tcp.RetransSegs", 30'000);
    EXPECT_THAT(host.evidence(name), HasSubstr("RetransSegs 3.0 %"));
    EXPECT_EQ(host.basis(name), TuneBasis::kEvidence) << name;
  }
  TunedHost host;
  host.set("net.ipv4.tcp_timestamps", "2");
  EXPECT_EQ(host.proposed("net.ipv4.tcp_timestamps"), "");
}

TEST(PathRules, LowLatencyStaysWhereItHasNoEffect) {
  TunedHost host;
  EXPECT_EQ(host.kept(kLowLatency), "") << "not there, and not worth a word";
  host.set(kLowLatency, "1");
  EXPECT_EQ(host.proposed(kLowLatency), "");
  EXPECT_THAT(host.kept(kLowLatency), HasSubstr("without effect since v4.14"));
  host.facts.kernel = "4.13.0";
  EXPECT_THAT(host.kept(kLowLatency), HasSubstr("still looks at it"));
}

TEST(PathRules, ManyDropsInFrontOfACpuJustifyALongerQueueOnce) {
  TunedHost host;
  host.facts.softnet = model::Softnet{.processed = 10'000'000, .dropped = 999};
  EXPECT_EQ(host.proposed(kBacklog), "");
  EXPECT_THAT(host.kept(kBacklog), HasSubstr("999 packets"));
  host.facts.softnet->dropped = 1000;
  EXPECT_EQ(host.proposed(kBacklog), "2000");
  EXPECT_THAT(host.evidence(kBacklog), HasSubstr("1,000 packets dropped"));
  host.set(kBacklog, "2000");
  EXPECT_EQ(host.proposed(kBacklog), "") << "nobody knows whether they are new";
}

}  // namespace
}  // namespace tcptrace::tune
