// SPDX-License-Identifier: GPL-2.0
// What the threads of a load have counted, put together.
#include "stress/load_tally.h"

#include <chrono>
#include <vector>

#include <gtest/gtest.h>

#include "stress/load_slots.h"

namespace tcptrace::stress {
namespace {

using namespace std::chrono_literals;
using model::LoadFailure;
using model::LoadPhase;

TEST(LoadTally, AddsUp) {
  LoadTally one;
  LoadTally other;
  one.counts = {.attempts = 3, .succeeded = 2, .failed = 1, .bytes_sent = 10};
  other.counts = {.attempts = 5, .succeeded = 5, .requests = 7};
  one.connect.record(1ms);
  other.connect.record(3ms);
  const LoadFailure refused{.phase = LoadPhase::kConnect, .error = 111};
  const LoadFailure reset{.phase = LoadPhase::kReceive, .error = 104};
  one.failures = {{refused, 1}, {reset, 1}};
  other.failures = {{refused, 4}};
  one.failed.resize(1);
  one.failed[0].boot_time = 5s;
  other.failed.resize(2);
  other.failed[0].boot_time = 4s;
  other.failed[1].boot_time = 6s;
  other.failed_beyond = 2;
  other.overdue = 9;
  one += other;
  model::LoadReport report;
  summarize(one, report);
  EXPECT_EQ(report.counts,
            (model::LoadCounts{
                .attempts = 8, .succeeded = 7, .failed = 1, .requests = 7, .bytes_sent = 10}));
  EXPECT_EQ(report.connect.count, 2U);
  EXPECT_EQ(report.connect.mean, 2ms);
  ASSERT_EQ(report.failures.size(), 2U);
  EXPECT_EQ(report.failures[0].failure, refused) << "the most frequent first";
  EXPECT_EQ(report.failures[0].count, 5U);
  ASSERT_EQ(report.failed.size(), 3U);
  EXPECT_EQ(report.failed[0].boot_time, 4s) << "in the order of time";
  EXPECT_EQ(report.failed[2].boot_time, 6s);
  EXPECT_EQ(report.failed_beyond, 2U);
  EXPECT_EQ(report.overdue, 9U);
}

TEST(TcpSamples, AreSummedUpExactly) {
  TcpSamples samples;
  for (std::uint32_t i = 1; i <= 100; ++i) {
    samples.add({.rtt_us = 10 * i, .snd_cwnd = 10, .total_retrans = i == 100 ? 1U : 0U});
  }
  const model::LoadTcpInfo info = samples.summary();
  EXPECT_EQ(info.samples, 100U);
  EXPECT_EQ(info.rtt_us.min, 10U);
  EXPECT_EQ(info.rtt_us.p50, 500U);
  EXPECT_EQ(info.rtt_us.p99, 990U);
  EXPECT_EQ(info.rtt_us.max, 1000U);
  EXPECT_EQ(info.total_retrans.p99, 0U);
  EXPECT_EQ(info.total_retrans.max, 1U);
}

TEST(TcpSamples, ALongRunIsSampledEvenly) {
  TcpSamples samples;
  constexpr std::uint32_t kMany = 1'000'000;
  for (std::uint32_t i = 0; i < kMany; ++i) {
    samples.add({.rtt_us = i});
  }
  const model::LoadTcpInfo info = samples.summary();
  EXPECT_EQ(info.samples, kMany);
  EXPECT_NEAR(info.rtt_us.p50, kMany / 2.0, kMany / 100.0);
  EXPECT_NEAR(info.rtt_us.p90, kMany * 0.9, kMany / 100.0);
}

TEST(TcpSamples, OfNothingAreNothing) { EXPECT_EQ(TcpSamples().summary().samples, 0U); }

TEST(LoadSlots, AreTakenAndGivenBack) {
  SlotArena slots(2);
  LoadSlot& first = slots.take();
  (void)slots.take();
  EXPECT_TRUE(slots.full());
  EXPECT_EQ(slots.used(), 2U);
  first.requests = 7;
  slots.give_back(first);
  EXPECT_FALSE(slots.full());
  EXPECT_EQ(slots.take().requests, 0U) << "as new";
}

TEST(LoadSlots, DeadlinesComeInOrderWhateverIsRemoved) {
  SlotArena slots(5);
  DeadlineList list(10ms);
  std::vector<LoadSlot*> taken;
  for (int i = 0; i < 5; ++i) {
    taken.push_back(&slots.take());
    list.add(slots, *taken.back(), i * 1ms);
  }
  list.remove(slots, *taken[2]);
  list.remove(slots, *taken[2]);
  list.remove(slots, *taken[4]);
  list.add(slots, *taken[2], 20ms);
  list.remove(slots, *taken[0]);
  std::vector<std::chrono::nanoseconds> order;
  while (list.first() != kNoSlot) {
    order.push_back(slots[list.first()].deadline);
    list.remove(slots, slots[list.first()]);
  }
  EXPECT_EQ(order, (std::vector<std::chrono::nanoseconds>{11ms, 13ms, 30ms}));
}

}  // namespace
}  // namespace tcptrace::stress
