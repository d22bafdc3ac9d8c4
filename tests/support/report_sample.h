// SPDX-License-Identifier: GPL-2.0
// A report with something in every part of it.
#pragma once

#include "model/host_report.h"
#include "support/samples.h"

namespace tcptrace::samples {

inline std::chrono::nanoseconds wall(std::chrono::nanoseconds boot_time) {
  return boot_time + context().boot_to_wall;
}

inline model::WorstConnection worst_connection() {
  model::Event reset = reset_by_another_task();
  reset.boot_time = wall(reset.boot_time);
  reset.connection.synthetic_cookie = true;
  reset.connection.v4_mapped = true;
  reset.connection.old_state = model::TcpState::kEstablished;
  reset.owner->cgroup = process().cgroup;
  reset.verdict = reset_from_this_host().verdict;
  reset.history = history(reset.boot_time, std::chrono::seconds(6), 6);
  return {.host = "node-7", .event = reset, .retransmits = 3, .max_rtt_us = 450};
}

inline model::ReportSource recorded_source() {
  const model::Hooks run = hooks();
  model::ReportSource source{.kind = model::ReportSourceKind::kRecording,
                             .name = "web1.rec",
                             .host = run.host,
                             .kernel = run.kernel,
                             .architecture = run.architecture,
                             .version = run.version,
                             .first = wall(run.boot_time),
                             .last = wall(summary().boot_time),
                             .ended_by = "duration",
                             .events = 42,
                             .lost = summary().lost,
                             .missing = {"web1.rec is damaged: 7 records could not be read"},
                             .hooks = run.hooks,
                             .polling = run.polling,
                             .coverage = summary().coverage,
                             .patterns = patterns()};
  source.patterns.causes.clear();
  return source;
}

inline void add_causes(model::HostReport& report) {
  const model::Party party = patterns().causes.front().party;
  report.verdicts = 15;
  report.totals = {
      {.cause = model::Cause::kKeepaliveRace,
       .count = 14,
       .advice = {{.text = "who sends requests must be the first to close", .count = 14}}},
      {.cause = model::Cause::kUnknown, .count = 1, .advice = {}}};
  report.causes = {{.host = "node-7",
                    .cause = model::Cause::kKeepaliveRace,
                    .party = party,
                    .count = 12,
                    .confidence = model::Confidence::kCertain,
                    .container = process().cgroup->container,
                    .first = wall(std::chrono::seconds(61)),
                    .last = wall(std::chrono::seconds(171))},
                   {.host = "node-8",
                    .cause = model::Cause::kUnknown,
                    .party = {.comm = {},
                              .family = model::Family::kIpv6,
                              .peer = {{0x20, 0x01, 0x0d, 0xb8}},
                              .port = 443},
                    .count = 1,
                    .confidence = model::Confidence::kUnknown,
                    .container = {},
                    .first = wall(std::chrono::seconds(90)),
                    .last = wall(std::chrono::seconds(90))}};
  report.causes_elsewhere = 2;
  report.retransmits = {
      {.host = "node-7", .party = party, .segments = 1200, .handshakes = 20, .timeouts = 300}};
  report.retransmits_elsewhere = 40;
}

inline void add_monitor(model::HostReport& report) {
  report.gauges = {{.host = "node-7",
                    .width = std::chrono::seconds(1),
                    .points = {{.at = wall(std::chrono::seconds(61)),
                                .values = {.connections = 120,
                                           .time_wait = 6000,
                                           .connections_per_second = 52.5,
                                           .retransmit_percent = 0.25}}}}};
  report.gauges_elsewhere = 1;
  report.alerts = {{.host = "node-7",
                    .name = "time_wait",
                    .subject = "host",
                    .level = model::ReportLevel::kCritical,
                    .unit = "sockets",
                    .threshold = 5000,
                    .peak = 12500,
                    .since = wall(std::chrono::seconds(65)),
                    .cleared = wall(std::chrono::seconds(125))},
                   {.host = "node-7",
                    .name = "error_rate",
                    .subject = "host",
                    .level = model::ReportLevel::kWarning,
                    .unit = "%",
                    .threshold = 5,
                    .peak = 7.5,
                    .since = wall(std::chrono::seconds(70)),
                    .cleared = {}}};
  report.alerts_elsewhere = 1;
  report.findings = {{.host = "node-7",
                      .level = model::ReportLevel::kWarning,
                      .name = "close_wait_leak",
                      .text = "12 connections of api (812) are in CLOSE_WAIT",
                      .why = "the peer has closed and this side has not",
                      .advice = "close what has been read to its end"}};
  report.settings = {
      {.host = "node-7", .netns = "blue", .name = "net.ipv4.tcp_keepalive_time", .value = "7200"}};
}

inline model::HostReport host_report() {
  model::HostReport report;
  report.made = wall(std::chrono::seconds(200));
  report.version = "0.1.0";
  report.sources = {recorded_source()};
  report.first = report.sources.front().first;
  report.last = report.sources.front().last;
  report.events = summary().events;
  report.retransmitted_segments = 1240;
  report.failures = 7;
  report.echoes = 1;
  report.lost = report.sources.front().lost;
  add_causes(report);
  report.timeline = {
      .width = std::chrono::seconds(5),
      .buckets = {{.at = wall(std::chrono::seconds(60)),
                   .counts = {.resets_sent = 12,
                              .resets_received = 1,
                              .retransmitted_segments = 1000,
                              .failures = 7}},
                  {.at = wall(std::chrono::seconds(85)),
                   .counts = {.resets_received = 3, .retransmitted_segments = 240}}}};
  report.idle = {
      {.from = std::chrono::seconds(60), .to = std::chrono::seconds(75), .sent = 1, .received = 0},
      {.from = std::chrono::seconds(75),
       .to = std::chrono::milliseconds::max(),
       .sent = 10,
       .received = 3}};
  report.idle_unknown = 2;
  report.worst = {worst_connection()};
  report.with_history = 4;
  add_monitor(report);
  return report;
}

}  // namespace tcptrace::samples
