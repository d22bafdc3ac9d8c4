// SPDX-License-Identifier: GPL-2.0
#include "report/idle_histogram.h"

#include <gtest/gtest.h>

namespace tcptrace::report {
namespace {

using std::chrono::milliseconds;
using namespace std::chrono_literals;

TEST(IdleHistogram, IsEmptyWithoutResets) { EXPECT_TRUE(IdleHistogram().buckets().empty()); }

TEST(IdleHistogram, ATimeBelongsToTheBucketThatItBegins) {
  IdleHistogram idle;
  idle.add(60s, true);
  idle.add(milliseconds(59'999), false);
  const auto buckets = idle.buckets();
  ASSERT_EQ(buckets.size(), 2U);
  EXPECT_EQ(buckets.front().from, 50s);
  EXPECT_EQ(buckets.front().received, 1U);
  EXPECT_EQ(buckets.front().sent, 0U);
  EXPECT_EQ(buckets.back().from, 60s);
  EXPECT_EQ(buckets.back().to, 75s);
  EXPECT_EQ(buckets.back().sent, 1U);
}

TEST(IdleHistogram, BetweenTheFirstAndTheLastNoneIsLeftOut) {
  IdleHistogram idle;
  idle.add(0ms, true);
  idle.add(10ms, true);
  const auto buckets = idle.buckets();
  ASSERT_EQ(buckets.size(), 5U);
  EXPECT_EQ(buckets.front().from, 0ms);
  EXPECT_EQ(buckets.back().from, 10ms);
  for (std::size_t i = 1; i < buckets.size(); ++i) {
    EXPECT_EQ(buckets[i].from, buckets[i - 1].to);
  }
}

TEST(IdleHistogram, TheLastHasNoBound) {
  IdleHistogram idle;
  idle.add(milliseconds::max(), false);
  ASSERT_EQ(idle.buckets().size(), 1U);
  EXPECT_EQ(idle.buckets().front().from, 24h);
  EXPECT_EQ(idle.buckets().front().to, milliseconds::max());
}

TEST(IdleHistogram, ATimeThatRunsBackwardsIsNone) {
  IdleHistogram idle;
  idle.add(-5ms, true);
  ASSERT_EQ(idle.buckets().size(), 1U);
  EXPECT_EQ(idle.buckets().front().from, 0ms);
}

}  // namespace
}  // namespace tcptrace::report
