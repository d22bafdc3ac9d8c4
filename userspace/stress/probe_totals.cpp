// SPDX-License-Identifier: GPL-2.0
#include "stress/probe_totals.h"

#include <algorithm>

namespace tcptrace::stress {

void ProbeTotals::add(const model::ProbeAttempt& attempt) {
  ++counts_.attempts;
  ++counts_.outcomes[static_cast<std::size_t>(attempt.last.outcome)];
  counts_.fallen += attempt.fallen.size();
  if (attempt.resolve) {
    resolve_.record(*attempt.resolve);
  }
  for (const model::ProbeConnect& fallen : attempt.fallen) {
    add_connect(fallen);
  }
  if (attempt.last.outcome != model::ProbeOutcome::kNotResolved) {
    add_connect(attempt.last);
  }
}

void ProbeTotals::add_connect(const model::ProbeConnect& connect) {
  counts_.syn_retransmits += connect.syn_retransmits;
  OfAddress& own = of(connect);
  ++own.counts.attempts;
  own.counts.succeeded += connect.outcome == model::ProbeOutcome::kConnected ? 1 : 0;
  if (connect.rtt) {
    rtt_.record(*connect.rtt);
  }
  if (connect.first_byte) {
    first_byte_.record(*connect.first_byte);
  }
  // How long a connect took that failed says nothing of those that did not.
  if (connect.phase == model::ProbePhase::kConnect || !connect.connect) {
    return;
  }
  connect_.record(*connect.connect);
  own.connect.record(*connect.connect);
  if (own.previous) {
    differences_ += std::chrono::abs(*connect.connect - *own.previous);
    ++pairs_;
  }
  own.previous = connect.connect;
}

ProbeTotals::OfAddress& ProbeTotals::of(const model::ProbeConnect& connect) {
  const auto found = std::ranges::find_if(addresses_, [&](const OfAddress& known) {
    return known.counts.address == connect.address && known.counts.port == connect.port;
  });
  if (found != addresses_.end()) {
    return *found;
  }
  OfAddress& added = addresses_.emplace_back();
  added.counts.address = connect.address;
  added.counts.port = connect.port;
  return added;
}

model::ProbeSummary ProbeTotals::summary() const {
  model::ProbeSummary summary = counts_;
  summary.resolve = resolve_.summary();
  summary.connect = connect_.summary();
  summary.rtt = rtt_.summary();
  summary.first_byte = first_byte_.summary();
  if (pairs_ != 0) {
    summary.jitter = differences_ / static_cast<std::int64_t>(pairs_);
  }
  for (const OfAddress& own : addresses_) {
    summary.addresses.push_back(own.counts);
    summary.addresses.back().connect = own.connect.summary();
  }
  return summary;
}

}  // namespace tcptrace::stress
