// SPDX-License-Identifier: GPL-2.0
#include "report/source_fold.h"

#include <algorithm>
#include <functional>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/core.h>

#include "base/text.h"

namespace tcptrace::report {
namespace {

using std::chrono::nanoseconds;

// "6.1.0, 6.1.4": what runs say alike is told once.
void add_word(std::string& words, std::string_view word) {
  constexpr std::size_t kMost = 200;
  constexpr std::string_view kMore = ", …";
  if (words.empty()) {
    words = word;
    return;
  }
  const bool is_there =
      fmt::format(", {}, ", words).find(fmt::format(", {}, ", word)) != std::string::npos;
  if (word.empty() || is_there || words.ends_with(kMore)) {
    return;
  }
  words += words.size() + word.size() > kMost ? std::string(kMore) : fmt::format(", {}", word);
}

bool is_same(const model::NetnsCoverage& one, const model::NetnsCoverage& other) {
  return one.netns == other.netns && one.name == other.name && one.readable == other.readable &&
         one.unreadable == other.unreadable;
}

// The heaviest stay. How many do not.
template <typename Row>
std::uint64_t add_rows(std::vector<Row>& rows, const std::vector<Row>& more) {
  rows.insert(rows.end(), more.begin(), more.end());
  std::ranges::stable_sort(rows, std::greater{}, &Row::count);
  const std::size_t kept = std::min(rows.size(), SourceFold::kPatterns);
  const std::uint64_t left_out = rows.size() - kept;
  rows.resize(kept);
  return left_out;
}

}  // namespace

void widen(nanoseconds& first, nanoseconds& last, nanoseconds wall) {
  if (wall == nanoseconds::zero()) {
    return;
  }
  first = first == nanoseconds::zero() ? wall : std::min(first, wall);
  last = std::max(last, wall);
}

void SourceFold::note_time(nanoseconds wall) { widen(source_.first, source_.last, wall); }

void SourceFold::note_host(const std::string& host) {
  if (source_.host.empty()) {
    source_.host = host;
  }
}

void SourceFold::note(const std::string& host, const model::Hooks& hooks) {
  // One that was killed has no summary, and what it has told of stays.
  told_.erase(host);
  note_host(host);
  add_word(source_.kernel, hooks.kernel);
  add_word(source_.architecture, hooks.architecture);
  add_word(source_.version, hooks.version);
  source_.polling = hooks.polling ? hooks.polling : source_.polling;
  for (const model::HookStatus& hook : hooks.hooks) {
    if (std::ranges::find(source_.hooks, hook) != source_.hooks.end()) {
      continue;
    }
    if (source_.hooks.size() < kHooks) {
      source_.hooks.push_back(hook);
    } else {
      ++hooks_left_out_;
    }
  }
}

void SourceFold::note(const std::string& host, const model::Lost& lost) {
  source_.lost += lost.counts;
  // What is not remembered counts twice once the summary comes: too much, and not too little.
  if (told_.contains(host) || told_.size() < kRuns) {
    told_[host] += lost.counts;
  }
}

void SourceFold::note(const std::string& host, const model::Summary& summary) {
  if (const auto told = told_.find(host); told != told_.end()) {
    source_.lost = source_.lost - told->second;
    told_.erase(told);
  }
  source_.lost += summary.lost;
  add_word(source_.ended_by, summary.ended_by);
  for (const model::NetnsCoverage& coverage : summary.coverage) {
    note_coverage(host, coverage);
  }
  note(summary.patterns);
}

// Without the counters that are 0 on both sides, and the namespaces that have no others.
void SourceFold::note_coverage(const std::string& host, model::NetnsCoverage coverage) {
  std::vector<model::CoverageRow> rows = std::exchange(coverage.rows, {});
  std::erase_if(rows, [](const model::CoverageRow& row) {
    return row.kernel == 0 && row.traced.value_or(0) == 0;
  });
  if (coverage.readable && rows.empty()) {
    return;
  }
  // The same number is another namespace on another host.
  if (host != source_.host) {
    coverage.name = fmt::format(
        "{}: {}", host,
        coverage.name.empty() ? fmt::format("netns {}", coverage.netns) : coverage.name);
  }
  auto into = std::ranges::find_if(
      source_.coverage, [&](const model::NetnsCoverage& one) { return is_same(one, coverage); });
  if (into == source_.coverage.end()) {
    if (source_.coverage.size() >= kCoverageRows || counters_ >= kCoverageRows) {
      counters_left_out_ += std::max<std::size_t>(rows.size(), 1);
      return;
    }
    into = source_.coverage.insert(into, std::move(coverage));
  }
  for (const model::CoverageRow& row : rows) {
    note_counter(*into, row);
  }
}

void SourceFold::note_counter(model::NetnsCoverage& into, const model::CoverageRow& row) {
  const auto same = std::ranges::find(into.rows, row.counter, &model::CoverageRow::counter);
  if (same != into.rows.end()) {
    same->kernel += row.kernel;
    same->traced =
        same->traced && row.traced ? std::optional(*same->traced + *row.traced) : std::nullopt;
  } else if (counters_ < kCoverageRows) {
    into.rows.push_back(row);
    ++counters_;
  } else {
    ++counters_left_out_;
  }
}

void SourceFold::note(const model::Patterns& patterns) {
  model::Patterns& of = source_.patterns;
  clusters_left_out_ += add_rows(of.idle_clusters, patterns.idle_clusters);
  storms_left_out_ += add_rows(of.retry_storms, patterns.retry_storms);
  churn_left_out_ += add_rows(of.churn, patterns.churn);
  of.ungrouped += patterns.ungrouped;
}

void SourceFold::note_missing(std::string words) {
  if (std::ranges::find(source_.missing, words) == source_.missing.end()) {
    source_.missing.push_back(std::move(words));
  }
}

model::ReportSource SourceFold::source() const {
  model::ReportSource source = source_;
  for (const auto& [count, what] : {std::pair(hooks_left_out_, "states of hooks"),
                                    std::pair(counters_left_out_, "counters of network namespaces"),
                                    std::pair(clusters_left_out_, "rarer idle timeouts"),
                                    std::pair(storms_left_out_, "smaller retry storms"),
                                    std::pair(churn_left_out_, "smaller churns of connections")}) {
    if (count != 0) {
      source.missing.push_back(fmt::format("{} {} have no row", grouped(count), what));
    }
  }
  return source;
}

}  // namespace tcptrace::report
