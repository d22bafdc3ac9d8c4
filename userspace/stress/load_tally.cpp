// SPDX-License-Identifier: GPL-2.0
#include "stress/load_tally.h"

#include <algorithm>
#include <cmath>
#include <iterator>

namespace tcptrace::stress {
namespace {

constexpr std::size_t kMaxSamples = 1U << 16;

model::Spread<std::uint32_t> spread_of(const std::vector<TcpSample>& samples,
                                       std::uint32_t TcpSample::*field) {
  std::vector<std::uint32_t> values(samples.size());
  std::ranges::transform(samples, values.begin(),
                         [field](const TcpSample& sample) { return sample.*field; });
  std::ranges::sort(values);
  const auto at = [&](double share) {
    const auto rank =
        static_cast<std::size_t>(std::ceil(share * static_cast<double>(values.size())));
    return values[std::max<std::size_t>(rank, 1) - 1];
  };
  return {
      .min = values.front(), .p50 = at(0.5), .p90 = at(0.9), .p99 = at(0.99), .max = values.back()};
}

}  // namespace

void TcpSamples::add(const TcpSample& sample) {
  if (offered_++ % stride_ != 0) {
    return;
  }
  if (samples_.size() == kMaxSamples) {
    for (std::size_t i = 0; i < kMaxSamples / 2; ++i) {
      samples_[i] = samples_[2 * i];
    }
    samples_.resize(kMaxSamples / 2);
    stride_ *= 2;
  }
  samples_.push_back(sample);
}

TcpSamples& TcpSamples::operator+=(const TcpSamples& other) {
  samples_.insert(samples_.end(), other.samples_.begin(), other.samples_.end());
  offered_ += other.offered_;
  return *this;
}

model::LoadTcpInfo TcpSamples::summary() const {
  if (samples_.empty()) {
    return {};
  }
  return {.samples = offered_,
          .rtt_us = spread_of(samples_, &TcpSample::rtt_us),
          .snd_cwnd = spread_of(samples_, &TcpSample::snd_cwnd),
          .total_retrans = spread_of(samples_, &TcpSample::total_retrans)};
}

LoadTally& LoadTally::operator+=(const LoadTally& other) {
  counts += other.counts;
  connect += other.connect;
  request += other.request;
  from_schedule += other.from_schedule;
  tcp += other.tcp;
  for (const auto& [failure, count] : other.failures) {
    failures[failure] += count;
  }
  failed.insert(failed.end(), other.failed.begin(), other.failed.end());
  failed_beyond += other.failed_beyond;
  overdue += other.overdue;
  return *this;
}

void summarize(const LoadTally& tally, model::LoadReport& report) {
  report.counts = tally.counts;
  report.overdue = tally.overdue;
  report.connect = tally.connect.summary();
  report.request = tally.request.summary();
  report.from_schedule = tally.from_schedule.summary();
  report.tcp_info = tally.tcp.summary();
  for (const auto& [failure, count] : tally.failures) {
    report.failures.push_back({.failure = failure, .count = count});
  }
  std::ranges::stable_sort(report.failures, std::ranges::greater(),
                           &model::LoadFailureCount::count);
  report.failed = tally.failed;
  std::ranges::stable_sort(report.failed, {}, &model::FailedConnection::boot_time);
  report.failed_beyond = tally.failed_beyond;
}

}  // namespace tcptrace::stress
