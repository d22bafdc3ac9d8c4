// SPDX-License-Identifier: GPL-2.0
#include "monitor/rates.h"

#include <cstdint>
#include <limits>

#include <gtest/gtest.h>

namespace tcptrace::monitor {
namespace {

using model::MonitorCounter;
using model::MonitorSample;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::uint64_t kWord = std::uint64_t{1} << 32U;

void set(MonitorSample& sample, std::uint32_t netns, MonitorCounter counter, std::uint64_t value) {
  sample.namespaces[netns].counters.at(static_cast<std::size_t>(counter)) = value;
}

MonitorSample sample_at(seconds time, std::uint64_t active, std::uint64_t passive) {
  MonitorSample sample;
  sample.boot_time = time;
  set(sample, 1, MonitorCounter::kActiveOpens, active);
  set(sample, 1, MonitorCounter::kPassiveOpens, passive);
  return sample;
}

TEST(Rates, AreOfTheTimeBetweenTwoSamples) {
  const auto rates = rates_between(sample_at(seconds(10), 100, 7), sample_at(seconds(14), 180, 27));
  ASSERT_TRUE(rates);
  EXPECT_EQ(count_of(rates->counts, MonitorCounter::kActiveOpens), 80U);
  EXPECT_DOUBLE_EQ(model::rate_of(*rates, MonitorCounter::kActiveOpens), 20);
  EXPECT_DOUBLE_EQ(model::connection_rate(*rates), 25);
}

TEST(Rates, NeedTimeToHavePassed) {
  EXPECT_FALSE(rates_between(sample_at(seconds(10), 1, 1), sample_at(seconds(10), 2, 2)));
  EXPECT_FALSE(rates_between(sample_at(seconds(10), 1, 1), sample_at(seconds(9), 2, 2)));
  EXPECT_EQ(model::connection_rate({}), 0);
}

TEST(Rates, OfHugeCounters) {
  constexpr auto kMost = std::numeric_limits<std::uint64_t>::max();
  const auto rates =
      rates_between(sample_at(seconds(1), kMost - 5, 0), sample_at(seconds(2), kMost, 0));
  ASSERT_TRUE(rates);
  EXPECT_EQ(count_of(rates->counts, MonitorCounter::kActiveOpens), 5U);
}

TEST(Rates, ACounterOf32BitsWraps) {
  EXPECT_EQ(counter_increase(4, kWord - 6), 10U);
  EXPECT_EQ(counter_increase(0, kWord - 1), 1U);
  // What goes back by a little, or from above 32 bits, is no wrap.
  EXPECT_FALSE(counter_increase(kWord - 6, kWord - 5));
  EXPECT_FALSE(counter_increase(3, 100));
  EXPECT_FALSE(counter_increase(3, kWord + 5));
  EXPECT_EQ(counter_increase(7, 7), 0U);
}

TEST(Rates, ANamespaceWhoseCountersWentBackIsAnother) {
  const auto rates = rates_between(sample_at(seconds(1), 5000, 40), sample_at(seconds(2), 3, 50));
  ASSERT_TRUE(rates);
  EXPECT_EQ(rates->restarted, 1U);
  EXPECT_EQ(count_of(rates->counts, MonitorCounter::kActiveOpens), 3U);
  EXPECT_EQ(count_of(rates->counts, MonitorCounter::kPassiveOpens), 50U) << "all of it is new";
}

TEST(Rates, ANamespaceThatIsNewHasNoPast) {
  MonitorSample before = sample_at(seconds(1), 10, 0);
  MonitorSample now = sample_at(seconds(2), 11, 0);
  set(now, 2, MonitorCounter::kActiveOpens, 1'000'000);
  set(before, 3, MonitorCounter::kActiveOpens, 5);  // and one is gone
  const auto rates = rates_between(before, now);
  ASSERT_TRUE(rates);
  EXPECT_EQ(count_of(rates->counts, MonitorCounter::kActiveOpens), 1U);
  EXPECT_EQ(rates->restarted, 0U);
}

TEST(Rates, NamespacesAreSummed) {
  MonitorSample before = sample_at(seconds(1), 10, 0);
  MonitorSample now = sample_at(seconds(2), 11, 0);
  set(before, 2, MonitorCounter::kActiveOpens, 100);
  set(now, 2, MonitorCounter::kActiveOpens, 104);
  EXPECT_EQ(count_of(rates_between(before, now)->counts, MonitorCounter::kActiveOpens), 5U);
}

TEST(Rates, RetransmissionsAreAShareOfAllThatWasSent) {
  model::MonitorRates rates;
  EXPECT_EQ(model::retransmit_rate(rates), 0);
  rates.counts.at(static_cast<std::size_t>(MonitorCounter::kOutSegs)) = 90;
  rates.counts.at(static_cast<std::size_t>(MonitorCounter::kRetransSegs)) = 10;
  EXPECT_DOUBLE_EQ(model::retransmit_rate(rates), 10);
}

TEST(Rates, ASampleIsWhatTheFactsSay) {
  model::HostFacts facts;
  facts.boot_time = milliseconds(1500);
  facts.page_bytes = 4096;
  facts.namespaces.push_back(
      {.inode = 7,
       .name = {},
       .counters = {{"Tcp.ActiveOpens", 5},
                    {"Tcp.CurrEstab", 12},
                    {"TcpExt.ListenDrops", 3},
                    {"TcpExt.Unheard", 9}},
       .sockstat = model::Sockstat{.orphan = 2, .time_wait = 4, .memory_pages = 10}});
  facts.namespaces.push_back({.inode = 8, .name = {}});
  const MonitorSample sample = sample_of(facts);
  ASSERT_EQ(sample.namespaces.size(), 1U) << "what could not be read is left out";
  const MonitorSample::Namespace& netns = sample.namespaces.at(7);
  EXPECT_EQ(count_of(netns.counters, MonitorCounter::kActiveOpens), 5U);
  EXPECT_EQ(count_of(netns.counters, MonitorCounter::kListenDrops), 3U);
  EXPECT_EQ(netns.established, 12U);
  EXPECT_EQ(netns.time_wait, 4U);
  EXPECT_EQ(sample.orphans, 2U);
  EXPECT_EQ(sample.memory_bytes, 40'960U);
}

}  // namespace
}  // namespace tcptrace::monitor
