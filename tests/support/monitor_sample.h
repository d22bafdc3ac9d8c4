// SPDX-License-Identifier: GPL-2.0
// A reading of the monitor with a value in every field, and an alert.
#pragma once

#include "model/monitor.h"
#include "support/samples.h"

namespace tcptrace::samples {

inline model::Alert alert() {
  return {.boot_time = std::chrono::seconds(100),
          .kind = model::AlertKind::kPortUse,
          .state = model::AlertState::kEscalated,
          .level = model::AlertLevel::kCritical,
          .subject = "10.0.0.5 -> 10.0.0.9:5432",
          .value = 96.5,
          .threshold = 80,
          .critical = 90,
          .peak = 97.25,
          .since = std::chrono::seconds(90)};
}

inline model::SocketCensus monitor_census() {
  model::SocketCensus census;
  census.sockets = 1234;
  census.states.at(static_cast<std::size_t>(model::TcpState::kEstablished)) = 1200;
  census.states.at(static_cast<std::size_t>(model::TcpState::kCloseWait)) = 30;
  census.states.at(static_cast<std::size_t>(model::TcpState::kListen)) = 4;
  census.namespaces = {{.netns = 4026531840}};
  census.local_ports = {{.netns = 4026531840, .port = 8080, .connections = 700}};
  census.peers = {{.address = ipv4(10, 0, 0, 9), .connections = 600, .established = 590},
                  {.address = ipv4(10, 0, 0, 7), .connections = 500, .established = 499}};
  census.processes = {
      {.process = process(), .connections = 800, .established = 770, .close_wait = 30}};
  census.listeners = {{.netns = 4026531840,
                       .port = 8080,
                       .process = process(),
                       .backlog = 120,
                       .limit = 128,
                       .connections = 700},
                      {.netns = 4026531840, .port = 22, .process = {}, .limit = 128}};
  census.port_use = {{.netns = 4026531840,
                      .local = ipv4(10, 0, 0, 5),
                      .peer = ipv4(10, 0, 0, 9),
                      .peer_port = 5432,
                      .ports = 47,
                      .time_wait = 2,
                      .available = 50}};
  census.rtt.at(7) = 900;
  census.rtt.at(15) = 300;
  return census;
}

inline model::MonitorReading monitor_reading() {
  model::MonitorReading reading;
  reading.boot_time = std::chrono::seconds(100);
  reading.interval = std::chrono::seconds(1);
  reading.connections = 1230;
  reading.time_wait = 77;
  reading.orphans = 2;
  reading.memory_bytes = 12'345'678;
  reading.namespaces = 3;
  reading.rates.emplace();
  reading.rates->elapsed = std::chrono::milliseconds(1001);
  for (std::size_t i = 0; i < model::kMonitorCounters; ++i) {
    reading.rates->counts.at(i) = 10 * (i + 1);
  }
  reading.rates->restarted = 1;
  reading.error_rate = 12.5;
  reading.walk.emplace();
  reading.walk->census = monitor_census();
  reading.walk->boot_time = std::chrono::milliseconds(98'500);
  reading.walk->took = std::chrono::milliseconds(140);
  reading.walk->cpu = std::chrono::milliseconds(150);
  reading.walk->owners_time = std::chrono::milliseconds(90'000);
  reading.walk->source = model::SocketSource::kNetlink;
  reading.walk->interrupted = true;
  reading.walk->unread_namespaces = {4026532177};
  reading.walk->unread_processes = 40;
  reading.walk->owners_unreadable = true;
  reading.walk->undecodable = 6;
  reading.trace.emplace();
  reading.trace->causes = {{.cause = model::Cause::kKeepaliveRace,
                            .sent = {.total = 12, .recent = 3},
                            .received = {.total = 4, .recent = 1},
                            .failed = {.total = 2, .recent = 1}}};
  reading.trace->retransmits = {
      {.type = model::RetransmitType::kRto, .segments = {.total = 50, .recent = 5}}};
  reading.trace->latest = {reset_sent(), connect_failed()};
  reading.trace->lost.ringbuf_full = 5;
  reading.alerts = {alert()};
  for (std::size_t i = 0; i < model::kMetrics; ++i) {
    reading.series.at(i) = {1, 2, 3, 5, 8, 5, 3};
  }
  reading.trends.at(0) = {.kind = model::TrendKind::kPeriodic,
                          .from = 100,
                          .to = 110,
                          .period = std::chrono::seconds(30),
                          .correlation = 0.8};
  reading.trends.at(1) = {.kind = model::TrendKind::kRapidIncrease, .from = 10, .to = 77};
  reading.trends.at(2) = {.kind = model::TrendKind::kRapidDecrease, .from = 77, .to = 10};
  reading.trends.at(3) = {.kind = model::TrendKind::kSteady, .from = 5, .to = 5};
  reading.retries = {{.subject = "api -> 10.0.0.9:5432",
                      .backs_off = true,
                      .attempts = 6,
                      .first_gap = std::chrono::seconds(1),
                      .last_gap = std::chrono::seconds(16),
                      .last = std::chrono::seconds(99)}};
  reading.losses = {.alerts_untracked = 1,
                    .commands_dropped = 2,
                    .commands_failed = 3,
                    .unread_namespaces = 4,
                    .walks_failed = 5};
  return reading;
}

// Without the privileges to trace, before anything has happened twice.
inline model::MonitorReading first_monitor_reading() {
  model::MonitorReading reading;
  reading.boot_time = std::chrono::seconds(100);
  reading.interval = std::chrono::seconds(1);
  reading.no_trace = "cannot load BPF programs: Operation not permitted";
  return reading;
}

}  // namespace tcptrace::samples
