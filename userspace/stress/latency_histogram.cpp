// SPDX-License-Identifier: GPL-2.0
#include "stress/latency_histogram.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include <boost/histogram/axis/regular.hpp>
#include <boost/histogram/histogram.hpp>
#include <boost/histogram/make_histogram.hpp>

namespace tcptrace::stress {

namespace histogram = boost::histogram;
using std::chrono::nanoseconds;

namespace {

using Axis = histogram::axis::regular<double, histogram::axis::transform::log>;
using Counts = decltype(histogram::make_histogram_with(std::vector<std::uint64_t>(), Axis()));

constexpr double kLowestNs = 1e2;
constexpr double kHighestNs = 1e13;
constexpr unsigned kBuckets = 2560;  // (1e13 / 1e2) ^ (1 / 2560): each 1 % wide

}  // namespace

struct LatencyHistogram::Buckets {
  Counts counts = histogram::make_histogram_with(std::vector<std::uint64_t>(),
                                                 Axis(kBuckets, kLowestNs, kHighestNs));
  std::uint64_t count = 0;
  double sum_ns = 0;
  nanoseconds min = nanoseconds::max();
  nanoseconds max = nanoseconds::min();
};

LatencyHistogram::LatencyHistogram() : buckets_(std::make_unique<Buckets>()) {}
LatencyHistogram::~LatencyHistogram() = default;
LatencyHistogram::LatencyHistogram(LatencyHistogram&&) noexcept = default;
LatencyHistogram& LatencyHistogram::operator=(LatencyHistogram&&) noexcept = default;
LatencyHistogram::LatencyHistogram(const LatencyHistogram& other)
    : buckets_(std::make_unique<Buckets>(*other.buckets_)) {}
LatencyHistogram& LatencyHistogram::operator=(const LatencyHistogram& other) {
  *buckets_ = *other.buckets_;
  return *this;
}

void LatencyHistogram::record(nanoseconds time) {
  Buckets& all = *buckets_;
  const auto ns = static_cast<double>(time.count());
  all.counts(ns);
  ++all.count;
  all.sum_ns += ns;
  all.min = std::min(all.min, time);
  all.max = std::max(all.max, time);
}

LatencyHistogram& LatencyHistogram::operator+=(const LatencyHistogram& other) {
  Buckets& all = *buckets_;
  all.counts += other.buckets_->counts;
  all.count += other.buckets_->count;
  all.sum_ns += other.buckets_->sum_ns;
  all.min = std::min(all.min, other.buckets_->min);
  all.max = std::max(all.max, other.buckets_->max);
  return *this;
}

std::uint64_t LatencyHistogram::count() const { return buckets_->count; }

nanoseconds LatencyHistogram::quantile(double share) const {
  const Buckets& all = *buckets_;
  const auto wanted = std::max<std::uint64_t>(
      1, static_cast<std::uint64_t>(std::ceil(share * static_cast<double>(all.count))));
  // The first bucket, -1, is of what is too short, and the last of what is too long.
  std::uint64_t seen = all.counts.at(-1);
  if (all.count == 0 || seen >= wanted) {
    return all.count == 0 ? nanoseconds(0) : all.min;
  }
  for (int i = 0; i < static_cast<int>(kBuckets); ++i) {
    seen += all.counts.at(i);
    if (seen >= wanted) {
      const auto bucket = all.counts.axis().bin(i);
      const nanoseconds middle(std::llround(std::sqrt(bucket.lower() * bucket.upper())));
      return std::clamp(middle, all.min, all.max);
    }
  }
  return all.max;
}

model::Latency LatencyHistogram::summary() const {
  const Buckets& all = *buckets_;
  if (all.count == 0) {
    return {};
  }
  return {.count = all.count,
          .min = all.min,
          .mean = nanoseconds(std::llround(all.sum_ns / static_cast<double>(all.count))),
          .p50 = quantile(0.5),
          .p90 = quantile(0.9),
          .p99 = quantile(0.99),
          .p99_9 = quantile(0.999),
          .max = all.max};
}

}  // namespace tcptrace::stress
