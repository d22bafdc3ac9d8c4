// SPDX-License-Identifier: GPL-2.0
// Records of `serve` and `probe` in which every field says something.
#pragma once

#include <cerrno>

#include "model/probe.h"
#include "model/serve.h"

namespace tcptrace::samples {

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace): literals only

inline model::ServeStart serve_start() {
  return {.boot_time = 5s,
          .addresses = {{.address = "::", .port = 8080, .dual_stack = true},
                        {.address = "192.0.2.1", .port = 8080}},
          .mode = model::ServeMode::kHttp,
          .threads = 2};
}

inline model::ServeReport serve_report() {
  model::ServeReport report{.boot_time = 15s, .duration = 10s, .ended_by = "signal", .counts = {}};
  model::ServeCounts& counts = report.counts;
  counts.accepted = 1040;
  counts.max_open = 17;
  counts.closed_by_peer = 1000;
  counts.closed_by_us = {1, 2, 3, 4, 5, 6, 7};
  counts.resets_received = 9;
  counts.failed = 3;
  counts.resets_sent = 8;
  counts.requests = 2048;
  counts.bad_requests = 6;
  counts.bytes_received = 2048;
  counts.bytes_sent = 3U << 20;
  counts.accept_pauses = 2;
  counts.errors = {{.err = ECONNRESET, .count = 9}, {.err = EMFILE, .count = 2}};
  return report;
}

inline model::ProbeHost probe_host() {
  return {.initial_rto = 1s, .syn_linear_timeouts = 0, .resolver_timeout = 5s};
}

inline model::ProbeConnect probe_connect() {
  return {.address = "192.0.2.1",
          .port = 80,
          .outcome = model::ProbeOutcome::kConnected,
          .phase = model::ProbePhase::kDone,
          .err = 0,
          .connect = 1ms,
          .rtt = 900us,
          .syn_retransmits = 0,
          .first_byte = std::nullopt};
}

inline model::ProbeAttempt probe_attempt() {
  return {.boot_time = 6s,
          .number = 3,
          .resolve = 200us,
          .resolve_error = "",
          .last = probe_connect(),
          .fallen = {}};
}

// Refused at one address, and with all there is to explain at the next.
inline model::ProbeAttempt slow_probe() {
  model::ProbeAttempt attempt = probe_attempt();
  attempt.resolve = 15s;
  attempt.last.connect = 1030ms;
  attempt.last.rtt = 30ms;
  attempt.last.syn_retransmits = 1;
  attempt.last.first_byte = 200ms;
  model::ProbeConnect refused = probe_connect();
  refused.address = "2001:db8::1";
  refused.outcome = model::ProbeOutcome::kRefused;
  refused.phase = model::ProbePhase::kConnect;
  refused.err = ECONNREFUSED;
  refused.rtt.reset();
  attempt.fallen = {refused};
  return attempt;
}

inline model::ProbeAttempt reset_probe() {
  model::ProbeAttempt attempt = probe_attempt();
  attempt.last.outcome = model::ProbeOutcome::kReset;
  attempt.last.phase = model::ProbePhase::kFirstByte;
  attempt.last.err = ECONNRESET;
  return attempt;
}

inline model::ProbeAttempt unresolved_probe() {
  model::ProbeAttempt attempt = probe_attempt();
  attempt.resolve_error = "cannot resolve \"db\": Temporary failure in name resolution";
  attempt.last = {};
  attempt.last.phase = model::ProbePhase::kResolve;
  attempt.last.outcome = model::ProbeOutcome::kNotResolved;
  return attempt;
}

inline model::ProbeSummary probe_summary() {
  const model::Latency latency{.count = 3,
                               .min = 1ms,
                               .mean = 2ms,
                               .p50 = 3ms,
                               .p90 = 4ms,
                               .p99 = 5ms,
                               .p99_9 = 6ms,
                               .max = 7ms};
  model::ProbeSummary summary;
  summary.boot_time = 16s;
  summary.duration = 10s;
  summary.ended_by = "count";
  summary.attempts = 55;
  summary.fallen = 2;
  summary.outcomes = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
  summary.syn_retransmits = 4;
  summary.resolve = summary.connect = summary.rtt = summary.first_byte = latency;
  summary.jitter = 1500us;
  summary.addresses = {
      {.address = "192.0.2.1", .port = 80, .attempts = 50, .succeeded = 1, .connect = latency},
      {.address = "2001:db8::1", .port = 80, .attempts = 5, .succeeded = 0, .connect = {}}};
  return summary;
}

}  // namespace tcptrace::samples
