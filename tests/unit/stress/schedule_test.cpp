// SPDX-License-Identifier: GPL-2.0
// When connections of an open loop are due.
#include "stress/schedule.h"

#include <algorithm>
#include <chrono>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tcptrace::stress {
namespace {

using namespace std::chrono_literals;
using std::chrono::nanoseconds;

constexpr nanoseconds kStart = 1000s;

std::vector<nanoseconds> times(Schedule schedule, int count) {
  std::vector<nanoseconds> found;
  for (int i = 0; i < count; ++i, schedule.advance()) {
    found.push_back(schedule.next() - kStart);
  }
  return found;
}

TEST(Schedule, BeginsAtOnceAndGoesOnEvenly) {
  EXPECT_THAT(times(Schedule(kStart, 4, {}), 4), testing::ElementsAre(0ms, 250ms, 500ms, 750ms));
}

TEST(Schedule, SharesTogetherAreTheWhole) {
  constexpr std::uint32_t kShares = 3;
  std::vector<nanoseconds> together;
  for (std::uint32_t i = 0; i < kShares; ++i) {
    const auto one = times(Schedule(kStart, 1000, {.index = i, .shares = kShares}), 10);
    together.insert(together.end(), one.begin(), one.end());
  }
  std::ranges::sort(together);
  EXPECT_EQ(together, times(Schedule(kStart, 1000, {}), 30));
}

TEST(Schedule, DoesNotDriftHoweverOddTheInterval) {
  Schedule schedule(kStart, 3, {});
  for (int i = 0; i < 3 * 3600; ++i) {
    schedule.advance();
  }
  EXPECT_EQ(schedule.next(), kStart + 1h);
}

TEST(Schedule, CountsWhatIsDueBeforeATime) {
  Schedule schedule(kStart, 100, {});
  EXPECT_EQ(schedule.due_before(kStart), 0U);
  EXPECT_EQ(schedule.due_before(kStart + 1ns), 1U);
  EXPECT_EQ(schedule.due_before(kStart + 1s), 100U);
  EXPECT_EQ(schedule.due_before(kStart + 1s + 1ns), 101U);
  schedule.advance();
  EXPECT_EQ(schedule.due_before(kStart + 1s), 99U);
  EXPECT_EQ(schedule.due_before(kStart - 5s), 0U);
}

TEST(Schedule, DueCountsOfSharesAddUp) {
  std::uint64_t sum = 0;
  for (std::uint32_t i = 0; i < 7; ++i) {
    sum += Schedule(kStart, 12'345, {.index = i, .shares = 7}).due_before(kStart + 1s);
  }
  EXPECT_EQ(sum, 12'345U);
}

}  // namespace
}  // namespace tcptrace::stress
