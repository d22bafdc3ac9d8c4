// SPDX-License-Identifier: GPL-2.0
// The samples before the end of a connection on one line: from what to what, and the way between.
#include <algorithm>
#include <array>
#include <span>
#include <vector>

#include "base/text.h"
#include "output/sparkline.h"
#include "output/text_detail.h"

namespace tcptrace::output {
namespace {

using model::Sample;

constexpr std::size_t kSparkWidth = 30;

using Field = std::uint32_t Sample::*;

std::string words_of_number(std::uint32_t value) { return fmt::format_int(value).str(); }
std::string words_of_bytes(std::uint32_t value) { return human_bytes(value); }
std::string words_of_time(std::uint32_t us) {
  return human_duration(std::chrono::microseconds(us));
}

struct HistoryMetric {
  std::string_view name;
  Field field;
  std::string (*words)(std::uint32_t);
};

constexpr std::array<HistoryMetric, 6> kMetrics = {
    {{"rtt", &Sample::rtt_us, words_of_time},
     {"cwnd", &Sample::snd_cwnd, words_of_number},
     {"in flight", &Sample::unacked, words_of_number},
     {"retransmitted", &Sample::total_retrans, words_of_number},
     {"unread", &Sample::unread_bytes, words_of_bytes},
     {"unsent", &Sample::unsent_bytes, words_of_bytes}}};

// The last of them, from their smallest value to their largest.
std::string last_of(std::span<const Sample> samples, Field field) {
  samples = samples.last(std::min(samples.size(), kSparkWidth));
  std::vector<std::uint64_t> numbers;
  for (const Sample& sample : samples) {
    numbers.push_back(sample.*field);
  }
  const auto [low, high] = std::ranges::minmax(numbers);
  return sparkline(numbers, low, high);
}

bool varies(std::span<const Sample> samples, Field field) {
  return std::ranges::any_of(
      samples, [&](const Sample& sample) { return sample.*field != samples.front().*field; });
}

}  // namespace

void append_history(std::string& out, const model::Event& event) {
  const std::span<const Sample> samples(event.history);
  Clauses clauses(out);
  const auto ago = [&event](const Sample& sample) {
    return human_duration(event.boot_time - sample.boot_time);
  };
  if (samples.size() == 1) {
    clauses.add("seen {} before", ago(samples.front()));
  } else {
    clauses.add("seen {} times from {} to {} before", samples.size(), ago(samples.front()),
                ago(samples.back()));
  }
  for (const HistoryMetric& metric : kMetrics) {
    const std::uint32_t first = samples.front().*metric.field;
    const std::uint32_t last = samples.back().*metric.field;
    if (varies(samples, metric.field)) {
      clauses.add("{} {} to {} {}", metric.name, metric.words(first), metric.words(last),
                  last_of(samples, metric.field));
    } else if (first != 0) {
      clauses.add("{} {}", metric.name, metric.words(first));
    }
  }
}

}  // namespace tcptrace::output
