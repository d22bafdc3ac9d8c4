// SPDX-License-Identifier: GPL-2.0
// The results of a load with a value in every field.
#pragma once

#include "model/load.h"

namespace tcptrace::samples {

inline model::Latency latency(std::uint64_t count, std::chrono::microseconds unit) {
  return {.count = count,
          .min = unit,
          .mean = 2 * unit,
          .p50 = 2 * unit,
          .p90 = 5 * unit,
          .p99 = 40 * unit,
          .p99_9 = 900 * unit,
          .max = 1000 * unit};
}

inline model::LoadOptions load_options() {
  model::LoadOptions options;
  options.target = {.host = "shop.example", .port = 80};
  options.rate = 2000;
  options.total = 20'000;
  options.hold = std::chrono::milliseconds(250);
  options.work = model::LoadWork::kHttp;
  options.payload_bytes = 1000;
  options.path = "/cart?a=\"b\"";
  options.requests = 3;
  options.close = model::CloseStyle::kHalfClose;
  return options;
}

inline model::LoadReport load_report() {
  model::LoadReport report;
  report.boot_time = std::chrono::seconds(180);
  report.duration = std::chrono::milliseconds(10'250);
  report.ended_by = "SIGINT";
  report.options = load_options();
  report.addresses = {"10.0.0.9:80", "[fd00::9]:80"};
  report.connections = 10'500;
  report.threads = 2;
  report.counts = {.attempts = 19'007,
                   .succeeded = 18'900,
                   .failed = 98,
                   .fallovers = 2,
                   .unfinished = 7,
                   .requests = 56'750,
                   .bytes_sent = 5'675'000,
                   .bytes_received = 68'100'000};
  report.overdue = 995;
  report.connect = latency(18'950, std::chrono::microseconds(90));
  report.request = latency(56'750, std::chrono::microseconds(400));
  report.from_schedule = latency(18'917, std::chrono::microseconds(1500));
  report.tcp_info = {.samples = 1600,
                     .rtt_us = {.min = 40, .p50 = 95, .p90 = 180, .p99 = 2100, .max = 8000},
                     .snd_cwnd = {.min = 1, .p50 = 10, .p90 = 10, .p99 = 24, .max = 40},
                     .total_retrans = {.min = 0, .p50 = 0, .p90 = 0, .p99 = 1, .max = 3}};
  using model::LoadCheck;
  using model::LoadPhase;
  constexpr std::uint32_t kTimedOut = 110;
  constexpr std::uint32_t kReset = 104;
  report.failures = {
      {.failure = {.phase = LoadPhase::kReceive, .check = LoadCheck::kHttpStatus}, .count = 60},
      {.failure = {.phase = LoadPhase::kConnect, .error = kTimedOut}, .count = 37},
      {.failure = {.phase = LoadPhase::kClose, .error = kReset}, .count = 3}};
  report.failed = {{.boot_time = std::chrono::seconds(171),
                    .failure = report.failures[1].failure,
                    .family = model::Family::kIpv4,
                    .local = {{10, 0, 0, 5}},
                    .peer = {{10, 0, 0, 9}},
                    .local_port = 41'822,
                    .peer_port = 80},
                   {.boot_time = std::chrono::seconds(172),
                    .failure = report.failures[0].failure,
                    .family = model::Family::kIpv6,
                    .local = {{0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5}},
                    .peer = {{0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9}},
                    .local_port = 50'000,
                    .peer_port = 80}};
  report.failed_beyond = 98;
  report.diagnosis = model::LoadDiagnosis{
      .causes = {{.failure = {.phase = LoadPhase::kConnect, .error = kTimedOut},
                  .cause = model::Cause::kAcceptQueueOverflow,
                  .confidence = model::Confidence::kLikely,
                  .at_peer = true,
                  .count = 41,
                  .summary = "the accept queue of port 80 was full: 129 waiting, 128 allowed",
                  .advice = "accept faster"},
                 {.failure = {.phase = LoadPhase::kReceive, .check = LoadCheck::kHttpStatus},
                  .cause = model::Cause::kUnknown,
                  .confidence = model::Confidence::kUnknown,
                  .count = 2,
                  .summary = "the evidence does not tell"}},
      .untold = 55,
      .lost = 3};
  return report;
}

}  // namespace tcptrace::samples
