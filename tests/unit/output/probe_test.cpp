// SPDX-License-Identifier: GPL-2.0
// What `probe` prints, and where it says the time went.
#include "output/probe.h"

#include <cerrno>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "support/probe_samples.h"
#include "support/samples.h"
#include "support/schema.h"

namespace tcptrace::output {
namespace {

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace): literals only
using model::ProbeOutcome;
using model::ProbePhase;
using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

model::ProbeAttempt connected(std::chrono::nanoseconds connect, std::chrono::nanoseconds rtt,
                              std::uint32_t retransmits = 0) {
  model::ProbeAttempt attempt = samples::probe_attempt();
  attempt.last.connect = connect;
  attempt.last.rtt = rtt;
  attempt.last.syn_retransmits = retransmits;
  return attempt;
}

model::ProbeAttempt failed(ProbeOutcome outcome, std::uint32_t err,
                           ProbePhase phase = ProbePhase::kConnect) {
  model::ProbeAttempt attempt = connected(2ms, 1ms);
  attempt.last.outcome = outcome;
  attempt.last.err = err;
  attempt.last.phase = phase;
  attempt.last.rtt.reset();
  return attempt;
}

TEST(ProbeExplanation, NothingWhereAllIsWell) {
  EXPECT_THAT(explain(connected(1ms, 900us), samples::probe_host()), IsEmpty());
  EXPECT_THAT(explain(connected(151ms, 150ms), samples::probe_host()), IsEmpty());
}

TEST(ProbeExplanation, ARetransmittedSynIsTheInitialRto) {
  EXPECT_THAT(explain(connected(1030ms, 30ms, 1), samples::probe_host()),
              ElementsAre("connect took 1.0 s = 1 retransmitted SYN (1.0 s initial RTO, RFC 6298) "
                          "+ 30.0 ms"));
}

TEST(ProbeExplanation, SeveralSynsWaitAsThisKernelDoes) {
  model::ProbeHost host = samples::probe_host();
  EXPECT_THAT(explain(connected(7010ms, 10ms, 3), host),
              ElementsAre("connect took 7.0 s = 3 retransmitted SYNs (1.0 s + 2.0 s + 4.0 s) "
                          "+ 10.0 ms"));
  host.syn_linear_timeouts = 1;
  EXPECT_THAT(explain(connected(4010ms, 10ms, 3), host),
              ElementsAre("connect took 4.0 s = 3 retransmitted SYNs (1.0 s + 1.0 s + 2.0 s) "
                          "+ 10.0 ms"));
}

TEST(ProbeExplanation, NoSumThatDoesNotAddUp) {
  EXPECT_THAT(explain(connected(300ms, 10ms, 1), samples::probe_host()),
              ElementsAre("connect took 300.0 ms, with 1 retransmitted SYN"));
}

TEST(ProbeExplanation, ABusyHost) {
  EXPECT_THAT(explain(connected(35ms, 400us), samples::probe_host()),
              ElementsAre("the kernel measured an RTT of 400 us, but connect() returned after "
                          "35.0 ms: this host was busy"));
}

TEST(ProbeExplanation, ASlowAnswer) {
  model::ProbeAttempt attempt = connected(1ms, 900us);
  attempt.last.first_byte = 200ms;
  EXPECT_THAT(explain(attempt, samples::probe_host()),
              ElementsAre("the first byte took 200.0 ms, a round trip 900 us: the server needed "
                          "the rest"));
  attempt.last.rtt = 150ms;
  attempt.last.connect = 150ms;
  EXPECT_THAT(explain(attempt, samples::probe_host()), IsEmpty());
}

TEST(ProbeExplanation, NamesThatTakeLong) {
  model::ProbeAttempt attempt = connected(1250ms, 1200ms);
  attempt.resolve = 5s;
  EXPECT_THAT(explain(attempt, samples::probe_host()),
              ElementsAre("DNS is 80 % of the time: 5.0 s = 1 resolver timeout of 5.0 s + 0 us"));
  attempt.resolve = 1200ms;
  EXPECT_THAT(explain(attempt, samples::probe_host()), IsEmpty()) << "less than half";
}

TEST(ProbeExplanation, EveryFailureButTheUnknownHasOne) {
  const auto of = [](ProbeOutcome outcome, std::uint32_t err,
                     ProbePhase phase = ProbePhase::kConnect) {
    const auto lines = explain(failed(outcome, err, phase), samples::probe_host());
    return lines.empty() ? "" : lines.front();
  };
  EXPECT_THAT(of(ProbeOutcome::kRefused, ECONNREFUSED), HasSubstr("nobody listens"));
  EXPECT_THAT(of(ProbeOutcome::kTimedOut, 0), HasSubstr("nothing answered 1 SYN:"));
  EXPECT_THAT(of(ProbeOutcome::kTimedOut, 0, ProbePhase::kFirstByte), HasSubstr("not answered"));
  EXPECT_THAT(of(ProbeOutcome::kUnreachable, ENETUNREACH), HasSubstr("no route"));
  EXPECT_THAT(of(ProbeOutcome::kUnreachable, EHOSTUNREACH), HasSubstr("ARP"));
  EXPECT_THAT(of(ProbeOutcome::kReset, ECONNRESET), HasSubstr("reset it"));
  EXPECT_THAT(of(ProbeOutcome::kClosed, 0, ProbePhase::kFirstByte), HasSubstr("without a byte"));
  EXPECT_THAT(of(ProbeOutcome::kNotPermitted, EPERM), HasSubstr("this host forbids it"));
  EXPECT_THAT(of(ProbeOutcome::kNoPort, EADDRNOTAVAIL), HasSubstr("ip_local_port_range"));
  EXPECT_EQ(of(ProbeOutcome::kFailed, EINVAL), "");
}

TEST(ProbeText, ALineAnAttempt) {
  EXPECT_EQ(probe_text(samples::probe_attempt(), samples::probe_host(), {}),
            "   3  connected to 192.0.2.1:80, connect 1.0 ms, rtt 900 us, DNS 200 us\n");
  EXPECT_EQ(probe_text(samples::unresolved_probe(), samples::probe_host(), {}),
            "   3  cannot resolve \"db\": Temporary failure in name resolution, DNS 200 us\n");
}

TEST(ProbeText, WhatCameBeforeAndWhy) {
  EXPECT_EQ(probe_text(samples::slow_probe(), samples::probe_host(), {}),
            "   3  connected to 192.0.2.1:80, connect 1.0 s, rtt 30.0 ms, first byte 200.0 ms, 1 "
            "SYN sent again, DNS 15.0 s\n"
            "      before that: refused by [2001:db8::1]:80, connect 1.0 ms, "
            "ECONNREFUSED\n"
            "      DNS is 92 % of the time: 15.0 s = 3 resolver timeouts of 5.0 s + 0 us\n"
            "      connect took 1.0 s = 1 retransmitted SYN (1.0 s initial RTO, RFC 6298) + 30.0 "
            "ms\n"
            "      the first byte took 200.0 ms, a round trip 30.0 ms: the server needed the "
            "rest\n");
}

TEST(ProbeText, SummaryOfEverything) {
  const std::string text = probe_summary_text(samples::probe_summary());
  EXPECT_THAT(text, HasSubstr("summary      10.0 s, ended by: count\n"));
  EXPECT_THAT(text, HasSubstr("attempts     55: 1 connected, 2 refused, 3 timed_out, "));
  EXPECT_THAT(text, HasSubstr(", 98.2 % lost\n"));
  EXPECT_THAT(text, HasSubstr("connect      min 1.0 ms, avg 2.0 ms, p50 3.0 ms, p99 5.0 ms, max "
                              "7.0 ms, jitter 1.5 ms\n"));
  EXPECT_THAT(text, HasSubstr("SYNs         4 sent again\n"));
  EXPECT_THAT(text, HasSubstr("address      [2001:db8::1]:80 0 of 5\n"));
}

TEST(ProbeJson, IsValidAndSaysTheNumbers) {
  for (const model::ProbeAttempt& attempt : {samples::probe_attempt(), samples::slow_probe(),
                                             samples::reset_probe(), samples::unresolved_probe()}) {
    EXPECT_EQ(test::validate(probe_json(attempt, samples::probe_host(), samples::context())), "");
  }
  const json slow =
      json::parse(probe_json(samples::slow_probe(), samples::probe_host(), samples::context()));
  EXPECT_EQ(slow["outcome"], "connected");
  EXPECT_EQ(slow["syn_retransmits"], 1);
  EXPECT_EQ(slow["rtt_ms"], 30.0);
  EXPECT_EQ(slow["before"][0]["errno"], "ECONNREFUSED");
  EXPECT_EQ(slow["explanation"].size(), 3U);
  const std::string line = probe_summary_json(samples::probe_summary(), samples::context());
  EXPECT_EQ(test::validate(line), "");
  const json summary = json::parse(line);
  EXPECT_EQ(summary["outcomes"]["failed"], 10);
  EXPECT_EQ(summary["connect"]["p99_ms"], 5.0);
  EXPECT_EQ(summary["jitter_ms"], 1.5);
  EXPECT_EQ(test::validate(probe_summary_json({}, samples::context())), "");
}

}  // namespace
}  // namespace tcptrace::output
