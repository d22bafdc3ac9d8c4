// SPDX-License-Identifier: GPL-2.0
#include "stress/latency_histogram.h"

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace tcptrace::stress {
namespace {

using std::chrono::nanoseconds;

// Within the half percent that a bucket may be off.
void expect_near(nanoseconds measured, nanoseconds truth) {
  const auto ns = static_cast<double>(truth.count());
  EXPECT_NEAR(static_cast<double>(measured.count()), ns, 0.0051 * ns + 1);
}

TEST(LatencyHistogram, OfNothingIsAllZero) {
  const LatencyHistogram none;
  EXPECT_EQ(none.summary(), model::Latency());
  EXPECT_EQ(none.quantile(0.5), nanoseconds(0));
}

TEST(LatencyHistogram, OneTimeIsEveryPercentileExactly) {
  LatencyHistogram one;
  one.record(nanoseconds(123'457));
  const nanoseconds only(123'457);
  EXPECT_EQ(one.summary(), (model::Latency{.count = 1,
                                           .min = only,
                                           .mean = only,
                                           .p50 = only,
                                           .p90 = only,
                                           .p99 = only,
                                           .p99_9 = only,
                                           .max = only}));
}

TEST(LatencyHistogram, PercentilesAreThoseOfTheSortedTimes) {
  LatencyHistogram histogram;
  std::mt19937_64 random(1);
  std::lognormal_distribution<double> spread(12, 2);  // e^12 ns: 163 µs
  std::vector<nanoseconds> times;
  for (int i = 0; i < 100'000; ++i) {
    times.emplace_back(std::llround(spread(random)) + 100);
    histogram.record(times.back());
  }
  std::ranges::sort(times);
  const auto at = [&](double share) {
    return times[static_cast<std::size_t>(std::ceil(share * 100'000)) - 1];
  };
  const model::Latency summary = histogram.summary();
  EXPECT_EQ(summary.count, 100'000U);
  EXPECT_EQ(summary.min, times.front());
  EXPECT_EQ(summary.max, times.back());
  expect_near(summary.p50, at(0.5));
  expect_near(summary.p90, at(0.9));
  expect_near(summary.p99, at(0.99));
  expect_near(summary.p99_9, at(0.999));
}

TEST(LatencyHistogram, TheSumOfTwoIsTheHistogramOfBoth) {
  LatencyHistogram fast;
  LatencyHistogram slow;
  LatencyHistogram both;
  for (int i = 1; i <= 1000; ++i) {
    const nanoseconds time(i * 1000);
    (i <= 700 ? fast : slow).record(time);
    both.record(time);
  }
  fast += slow;
  EXPECT_EQ(fast.summary(), both.summary());
  EXPECT_EQ(slow.count(), 300U);
}

TEST(LatencyHistogram, TheSumWithNothingChangesNothing) {
  LatencyHistogram some;
  some.record(std::chrono::milliseconds(3));
  const model::Latency before = some.summary();
  some += LatencyHistogram();
  EXPECT_EQ(some.summary(), before);
}

TEST(LatencyHistogram, WhatIsBeyondTheBucketsIsTheLeastOrTheGreatest) {
  LatencyHistogram histogram;
  histogram.record(nanoseconds(0));
  histogram.record(std::chrono::hours(10));
  const model::Latency summary = histogram.summary();
  EXPECT_EQ(summary.count, 2U);
  EXPECT_EQ(summary.p50, nanoseconds(0));
  EXPECT_EQ(summary.p99, std::chrono::hours(10));
  EXPECT_EQ(summary.max, std::chrono::hours(10));
}

}  // namespace
}  // namespace tcptrace::stress
