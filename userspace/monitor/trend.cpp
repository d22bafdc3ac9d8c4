// SPDX-License-Identifier: GPL-2.0
#include "monitor/trend.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>
#include <vector>

namespace tcptrace::monitor {
namespace {

using model::Trend;
using model::TrendKind;
using Values = std::span<const double>;

// A correlation that chance alone makes in one of a thousand series of this length is none.
constexpr double kMinCorrelation = 0.5;
constexpr double kChance = 3.3;
// Of the mean: a ripple that is smaller is no period that anybody has to know.
constexpr double kMinRipple = 0.1;
// The share of its variation that a straight line explains, from which on a series is one.
constexpr double kStraight = 0.6;
constexpr double kLeastCount = 3;
constexpr double kLeastPercent = 1;
constexpr double kNoise = 3;

double median(std::vector<double> values) {
  if (values.empty()) {
    return 0;
  }
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::ranges::nth_element(values, middle);
  if (values.size() % 2 == 1) {
    return *middle;
  }
  return (*middle + *std::max_element(values.begin(), middle)) / 2;
}

double median_of(Values values) { return median({values.begin(), values.end()}); }

// From one value to the next, robust against steps: 1.4826 makes a standard deviation of a median
// of deviations, and a difference has the noise of two.
double noise_of(Values values) {
  std::vector<double> differences;
  for (std::size_t i = 1; i < values.size(); ++i) {
    differences.push_back(values[i] - values[i - 1]);
  }
  const double drift = median(differences);
  for (double& difference : differences) {
    difference = std::abs(difference - drift);
  }
  return 1.4826 * median(std::move(differences)) / std::sqrt(2.0);
}

struct Line {
  std::vector<double> residuals;
  double explained = 0;  // of the variation, 0 to 1
  double mean = 0;
  double deviation = 0;  // of the residuals
};

Line fit_line(Values values) {
  const auto n = static_cast<double>(values.size());
  Line line;
  line.mean = std::reduce(values.begin(), values.end(), 0.0) / n;
  const double middle = (n - 1) / 2;
  double covariance = 0;
  double spread = 0;
  double total = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double x = static_cast<double>(i) - middle;
    const double y = values[i] - line.mean;
    covariance += x * y;
    spread += x * x;
    total += y * y;
  }
  const double slope = covariance / spread;
  double left = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double residual = values[i] - line.mean - slope * (static_cast<double>(i) - middle);
    line.residuals.push_back(residual);
    left += residual * residual;
  }
  line.explained = total > 0 ? 1 - left / total : 0;
  line.deviation = std::sqrt(left / n);
  return line;
}

double correlation_at(Values values, std::size_t lag) {
  double product = 0;
  double power = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    power += values[i] * values[i];
    if (i >= lag) {
      product += values[i] * values[i - lag];
    }
  }
  if (power <= 0) {
    return 0;
  }
  // The sum has fewer terms the longer the lag is.
  const auto n = static_cast<double>(values.size());
  return product / power * n / (n - static_cast<double>(lag));
}

struct Period {
  std::size_t lag = 0;
  double correlation = 0;
};

// The first peak of the autocorrelation behind the first valley: before that, neighbours are alike
// for no other reason than that they are neighbours.
std::optional<Period> find_period(const Line& line) {
  const Values values(line.residuals);
  const std::size_t longest = values.size() / kMinPeriods;
  const double enough =
      std::max(kMinCorrelation, kChance / std::sqrt(static_cast<double>(values.size())));
  if (line.deviation < kMinRipple * std::abs(line.mean) || line.deviation <= 0) {
    return std::nullopt;
  }
  std::vector<double> correlations{1};
  for (std::size_t lag = 1; lag <= longest + 1; ++lag) {
    correlations.push_back(correlation_at(values, lag));
  }
  const auto valley = std::ranges::find_if(correlations, [](double c) { return c < 0; });
  for (auto lag = static_cast<std::size_t>(valley - correlations.begin()); lag <= longest; ++lag) {
    const double here = correlations[lag];
    if (lag >= 2 && here >= enough && here >= correlations[lag - 1] &&
        here >= correlations[lag + 1]) {
      return Period{.lag = lag, .correlation = here};
    }
  }
  return std::nullopt;
}

TrendKind direction(const Trend& trend, double noise, double change_percent, double least) {
  const double change = trend.to - trend.from;
  if (std::abs(change) < std::max(least, kNoise * noise)) {
    return TrendKind::kSteady;
  }
  if (change > 0) {
    return change >= trend.from * change_percent / 100 ? TrendKind::kRapidIncrease
                                                       : TrendKind::kSteady;
  }
  const double fall = std::min(change_percent, 90.0);
  return -change >= trend.from * fall / 100 ? TrendKind::kRapidDecrease : TrendKind::kSteady;
}

}  // namespace

double least_change(model::Metric metric) {
  switch (metric) {
    case model::Metric::kConnections:
    case model::Metric::kTimeWait:
    case model::Metric::kConnectionRate:
    case model::Metric::kResetRate:
      return kLeastCount;
    case model::Metric::kErrorRate:
    case model::Metric::kRetransmitRate:
      return kLeastPercent;
  }
  return kLeastCount;
}

Trend find_trend(Values values, std::chrono::nanoseconds interval, double change_percent,
                 double least) {
  Trend trend;
  if (values.size() < kMinTrendValues) {
    return trend;
  }
  trend.from = median_of(values.first(values.size() / 2));
  trend.to = median_of(values.last(values.size() / 4));
  trend.kind = direction(trend, noise_of(values), change_percent, least);
  const Line line = fit_line(values);
  const bool straight = trend.kind != TrendKind::kSteady && line.explained >= kStraight;
  if (const auto period = find_period(line); period && !straight) {
    trend.kind = TrendKind::kPeriodic;
    trend.period = interval * static_cast<std::int64_t>(period->lag);
    trend.correlation = std::min(period->correlation, 1.0);
  }
  return trend;
}

}  // namespace tcptrace::monitor
