// SPDX-License-Identifier: GPL-2.0
// What the attempts of a probe add up to.
#include "stress/probe_totals.h"

#include <cerrno>

#include <gtest/gtest.h>

#include "support/probe_samples.h"

namespace tcptrace::stress {
namespace {

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace): literals only
using model::ProbeOutcome;

model::ProbeAttempt connected(std::chrono::nanoseconds connect) {
  model::ProbeAttempt attempt = samples::probe_attempt();
  attempt.last.connect = connect;
  return attempt;
}

model::ProbeAttempt refused() {
  model::ProbeAttempt attempt = samples::probe_attempt();
  attempt.last.outcome = ProbeOutcome::kRefused;
  attempt.last.phase = model::ProbePhase::kConnect;
  attempt.last.rtt.reset();
  return attempt;
}

TEST(ProbeTotals, NothingIsNothing) {
  const model::ProbeSummary summary = ProbeTotals().summary();
  EXPECT_EQ(summary.attempts, 0U);
  EXPECT_EQ(summary.loss(), 0);
  EXPECT_EQ(summary.connect, model::Latency{});
}

TEST(ProbeTotals, JitterIsTheMeanDifferenceOfNeighbours) {
  ProbeTotals totals;
  for (const auto time : {10ms, 30ms, 20ms}) {
    totals.add(connected(time));
  }
  const model::ProbeSummary summary = totals.summary();
  EXPECT_EQ(summary.jitter, 15ms);
  EXPECT_EQ(summary.connect.min, 10ms);
  EXPECT_EQ(summary.connect.mean, 20ms);
  EXPECT_EQ(summary.connect.max, 30ms);
}

TEST(ProbeTotals, JitterDoesNotMixAddresses) {
  ProbeTotals totals;
  for (const auto time : {10ms, 11ms}) {
    totals.add(connected(time));
    model::ProbeAttempt far = connected(100 * time);
    far.last.address = "192.0.2.2";
    totals.add(far);
  }
  EXPECT_EQ(totals.summary().jitter, 50500us);
}

TEST(ProbeTotals, WhatFailedIsLostAndHasNoPlaceInTheTimes) {
  ProbeTotals totals;
  totals.add(connected(1ms));
  totals.add(refused());
  totals.add(refused());
  totals.add(connected(3ms));
  const model::ProbeSummary summary = totals.summary();
  EXPECT_EQ(summary.attempts, 4U);
  EXPECT_EQ(summary.succeeded(), 2U);
  EXPECT_EQ(summary.loss(), 0.5);
  EXPECT_EQ(summary.outcomes[static_cast<std::size_t>(ProbeOutcome::kRefused)], 2U);
  EXPECT_EQ(summary.connect.count, 2U);
  EXPECT_EQ(summary.rtt.count, 2U);
  EXPECT_EQ(summary.jitter, 2ms);
}

TEST(ProbeTotals, AddressesThatWereTriedFirst) {
  ProbeTotals totals;
  totals.add(samples::slow_probe());
  totals.add(samples::unresolved_probe());
  const model::ProbeSummary summary = totals.summary();
  EXPECT_EQ(summary.attempts, 2U);
  EXPECT_EQ(summary.fallen, 1U);
  EXPECT_EQ(summary.syn_retransmits, 1U);
  EXPECT_EQ(summary.resolve.count, 2U);
  ASSERT_EQ(summary.addresses.size(), 2U);
  EXPECT_EQ(summary.addresses[0].address, "2001:db8::1");
  EXPECT_EQ(summary.addresses[0].succeeded, 0U);
  EXPECT_EQ(summary.addresses[1].succeeded, 1U);
}

TEST(ProbeOutcomes, OfErrnos) {
  EXPECT_EQ(model::probe_outcome_of(0), ProbeOutcome::kConnected);
  EXPECT_EQ(model::probe_outcome_of(ECONNREFUSED), ProbeOutcome::kRefused);
  EXPECT_EQ(model::probe_outcome_of(ENETUNREACH), ProbeOutcome::kUnreachable);
  EXPECT_EQ(model::probe_outcome_of(EPERM), ProbeOutcome::kNotPermitted);
  EXPECT_EQ(model::probe_outcome_of(EADDRNOTAVAIL), ProbeOutcome::kNoPort);
  EXPECT_EQ(model::probe_outcome_of(EINVAL), ProbeOutcome::kFailed);
}

TEST(SynWait, DoublesAfterTheLinearOnes) {
  model::ProbeHost host = samples::probe_host();
  EXPECT_EQ(model::syn_wait(0, host), 0s);
  EXPECT_EQ(model::syn_wait(4, host), 15s);
  host.syn_linear_timeouts = 4;  // 1, 1, 1, 1, 1, 2, 4 (ip-sysctl.rst)
  EXPECT_EQ(model::syn_wait(5, host), 5s);
  EXPECT_EQ(model::syn_wait(7, host), 11s);
  EXPECT_EQ(model::syn_wait(127, host), 5s + 2s + 4s + 8s + 16s + 32s + 64s + 116 * 120s);
}

}  // namespace
}  // namespace tcptrace::stress
