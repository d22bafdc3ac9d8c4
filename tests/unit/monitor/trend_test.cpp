// SPDX-License-Identifier: GPL-2.0
// Synthetic series with noise: each trend, and what only looks like it.
#include "monitor/trend.h"

#include <cmath>
#include <functional>
#include <numbers>
#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace tcptrace::monitor {
namespace {

using model::Trend;
using model::TrendKind;
using std::chrono::seconds;

constexpr double kChange = 50;

std::vector<double> series(std::size_t size, const std::function<double(double)>& value) {
  std::vector<double> values;
  for (std::size_t i = 0; i < size; ++i) {
    values.push_back(value(static_cast<double>(i)));
  }
  return values;
}

// The same every time.
class Noise {
 public:
  explicit Noise(double deviation, unsigned seed = 7) : random_(seed), normal_(0, deviation) {}
  double operator()() { return normal_(random_); }

 private:
  std::mt19937 random_;
  std::normal_distribution<double> normal_;
};

Trend trend_of(const std::vector<double>& values) {
  return find_trend(values, seconds(1), kChange, least_change(model::Metric::kConnections));
}

TEST(Trend, NeedsData) {
  EXPECT_EQ(trend_of({}).kind, TrendKind::kNotEnough);
  EXPECT_EQ(trend_of(std::vector<double>(kMinTrendValues - 1, 5)).kind, TrendKind::kNotEnough);
  EXPECT_EQ(trend_of(std::vector<double>(kMinTrendValues, 5)).kind, TrendKind::kSteady);
  EXPECT_EQ(trend_of(std::vector<double>(kMinTrendValues, 0)).kind, TrendKind::kSteady);
}

TEST(Trend, WhatIsLittleDependsOnWhatIsCounted) {
  const auto up = series(60, [](double i) { return i >= 44 ? 2.9 : 0.1; });
  const auto kind = [&up](model::Metric metric) {
    return find_trend(up, seconds(1), kChange, least_change(metric)).kind;
  };
  EXPECT_EQ(kind(model::Metric::kConnections), TrendKind::kSteady);
  EXPECT_EQ(kind(model::Metric::kRetransmitRate), TrendKind::kRapidIncrease);
}

TEST(Trend, ARiseByHalfIsRapid) {
  Noise noise(2);
  const auto up = series(60, [&](double i) { return 100 + (i >= 44 ? 60 : 0) + noise(); });
  const Trend trend = trend_of(up);
  EXPECT_EQ(trend.kind, TrendKind::kRapidIncrease);
  EXPECT_NEAR(trend.from, 100, 3);
  EXPECT_NEAR(trend.to, 160, 3);
}

TEST(Trend, ARiseByLessIsNot) {
  Noise noise(2);
  const auto up = series(60, [&](double i) { return 100 + (i >= 44 ? 40 : 0) + noise(); });
  EXPECT_EQ(trend_of(up).kind, TrendKind::kSteady);
}

TEST(Trend, AFallByHalfIsRapid) {
  Noise noise(2);
  const auto down = series(60, [&](double i) { return i < 40 ? 100 + noise() : 30 + noise(); });
  EXPECT_EQ(trend_of(down).kind, TrendKind::kRapidDecrease);
  const auto less = series(60, [&](double i) { return i < 40 ? 100 + noise() : 60 + noise(); });
  EXPECT_EQ(trend_of(less).kind, TrendKind::kSteady);
}

TEST(Trend, ASlopeIsRapidOrNot) {
  EXPECT_EQ(trend_of(series(100, [](double i) { return 10 + 2 * i; })).kind,
            TrendKind::kRapidIncrease);
  EXPECT_EQ(trend_of(series(100, [](double i) { return 1000 - 9 * i; })).kind,
            TrendKind::kRapidDecrease);
  EXPECT_EQ(trend_of(series(100, [](double i) { return 1000 + i; })).kind, TrendKind::kSteady);
}

TEST(Trend, FromNothingAndToNothing) {
  EXPECT_EQ(trend_of(series(40, [](double i) { return i < 25 ? 0.0 : 50.0; })).kind,
            TrendKind::kRapidIncrease);
  EXPECT_EQ(trend_of(series(40, [](double i) { return i < 25 ? 50.0 : 0.0; })).kind,
            TrendKind::kRapidDecrease);
  // Two connections instead of one.
  EXPECT_EQ(trend_of(series(40, [](double i) { return i < 25 ? 1.0 : 2.0; })).kind,
            TrendKind::kSteady);
}

TEST(Trend, OnePeakIsNone) {
  EXPECT_EQ(trend_of(series(60, [](double i) { return i == 58 ? 5000.0 : 100.0; })).kind,
            TrendKind::kSteady);
}

TEST(Trend, NoiseIsSteady) {
  for (unsigned seed = 1; seed <= 200; ++seed) {
    Noise noise(30, seed);
    const auto values = series(300, [&](double) { return std::max(100 + noise(), 0.0); });
    EXPECT_EQ(trend_of(values).kind, TrendKind::kSteady) << "seed " << seed;
  }
}

TEST(Trend, APeriodIsFoundThroughNoise) {
  for (const std::size_t period : {5U, 10U, 30U, 60U}) {
    for (unsigned seed = 1; seed <= 20; ++seed) {
      Noise noise(15, seed);
      const auto values = series(300, [&](double i) {
        return 100 + 50 * std::sin(2 * std::numbers::pi * i / static_cast<double>(period)) +
               noise();
      });
      const Trend trend = trend_of(values);
      ASSERT_EQ(trend.kind, TrendKind::kPeriodic) << period << ", seed " << seed;
      EXPECT_NEAR(std::chrono::duration<double>(trend.period).count(), static_cast<double>(period),
                  1 + static_cast<double>(period) / 10);
      EXPECT_GT(trend.correlation, 0.5);
    }
  }
}

TEST(Trend, ATimerThatFiresEveryTenSecondsIsAPeriod) {
  const auto values =
      series(120, [](double i) { return static_cast<int>(i) % 10 == 0 ? 200.0 : 20.0; });
  const Trend trend = trend_of(values);
  EXPECT_EQ(trend.kind, TrendKind::kPeriodic);
  EXPECT_EQ(trend.period, seconds(10));
}

TEST(Trend, APeriodNeedsThreeOfIt) {
  const auto wave = [](double i) { return 100 + 50 * std::sin(2 * std::numbers::pi * i / 40); };
  EXPECT_NE(trend_of(series(80, wave)).kind, TrendKind::kPeriodic);
  EXPECT_EQ(trend_of(series(160, wave)).kind, TrendKind::kPeriodic);
}

TEST(Trend, ARippleIsNoPeriod) {
  const auto ripple = [](double i) { return 1000 + 20 * std::sin(2 * std::numbers::pi * i / 10); };
  EXPECT_EQ(trend_of(series(120, ripple)).kind, TrendKind::kSteady);
}

TEST(Trend, APeriodIsOfTheSpacingOfTheValues) {
  const auto values =
      series(120, [](double i) { return 100 + 50 * std::sin(2 * std::numbers::pi * i / 12); });
  EXPECT_EQ(find_trend(values, seconds(5), kChange, 3).period, seconds(60));
}

}  // namespace
}  // namespace tcptrace::monitor
