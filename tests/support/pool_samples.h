// SPDX-License-Identifier: GPL-2.0
// Connection pools in which every field says something.
#pragma once

#include <string_view>

#include "model/pool.h"

namespace tcptrace::samples {

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace): literals only

inline model::PeerEndpoint pool_peer() {
  return {.netns = 4026531840, .address = {{10, 0, 0, 9}}, .port = 5432};
}

inline model::PoolTimes pool_times(std::uint64_t count) {
  return {.count = count, .min = 200ms, .median = 1200ms, .p90 = 8s, .max = 70s};
}

inline model::Process pool_process(std::string_view comm) {
  model::Process process{.pid = 812, .tid = 812, .uid = 1000, .cgroup = {}};
  comm.copy(process.comm.data(), process.comm.size() - 1);
  return process;
}

inline model::Pool busy_pool() {
  model::Pool pool;
  pool.peer = pool_peer();
  pool.process = pool_process("api");
  pool.runtime = model::RuntimeKind::kNodejs;
  pool.now = {.open = 10, .idle = 7, .busy = 3, .waiting = 1, .connecting = 2, .close_wait = 4};
  pool.time_wait = 31;
  pool.idle = pool_times(7);
  pool.idle_buckets = {3, 2, 0, 1, 1, 0, 0, 0};
  pool.age = pool_times(10);
  pool.age_at_least = true;
  pool.churn = {.opened = 120,
                .closed = 118,
                .failed = 2,
                .closed_here = 100,
                .closed_by_peer = 15,
                .reset = 3,
                .lifetimes = pool_times(64)};
  pool.looks = 11;
  pool.busy_looks = 2;
  pool.grown_looks = 4;
  pool.shrunk_looks = 3;
  pool.open_min = 8;
  pool.open_max = 12;
  pool.longest_idle = 70s;
  pool.close_wait_age = 61s;
  pool.verdicts = {{.problem = model::PoolProblem::kCloseWaitLeak,
                    .confidence = model::Confidence::kLikely,
                    .summary = "4 connections in CLOSE_WAIT, the oldest for at least 61.0 s",
                    .evidence = {"close_wait=4", "close_wait_age_ms=61000"},
                    .advice = "close what the peer has closed"},
                   {.problem = model::PoolProblem::kNoReuse,
                    .confidence = model::Confidence::kPossible,
                    .summary = "118 connections came and went",
                    .evidence = {"closed=118"},
                    .advice = "turn on keep-alive"}};
  return pool;
}

// What is known without privileges, of somebody else's connection over IPv6.
inline model::Pool nobodys_pool() {
  model::Pool pool;
  pool.peer = {.netns = 4026532001,
               .family = model::Family::kIpv6,
               .address = {{0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9}},
               .port = 443};
  pool.now = {.open = 1, .busy = 1};
  pool.looks = 1;
  pool.open_min = pool.open_max = 1;
  return pool;
}

inline model::PoolReport pool_report() {
  model::PoolReport report;
  report.boot_time = 180s;
  report.duration = 10s;
  report.interval = 1s;
  report.ended_by = "duration";
  report.source = model::SocketSource::kIter;
  report.traced = true;
  report.looks = 11;
  report.connections = 11;
  report.pools = {busy_pool(), nobodys_pool()};
  report.peer_idle_closes = {
      {.peer = pool_peer(), .idle = 5s, .count = 12, .of = 13},
      {.peer = nobodys_pool().peer, .idle = 60s, .count = 3, .of = 3, .presumed = true}};
  report.opens = {{.netns = 4026531840, .opens = 1234, .seen = 122}};
  report.not_followed = 5;
  report.not_pooled = 6;
  report.lost = 7;
  return report;
}

// By netlink, of looks alone.
inline model::PoolReport untraced_pool_report() {
  model::PoolReport report = pool_report();
  report.traced = false;
  report.source = model::SocketSource::kNetlink;
  for (model::Pool& pool : report.pools) {
    pool.churn.at_least = true;
    pool.churn.failed = pool.churn.reset = 0;
  }
  return report;
}

}  // namespace tcptrace::samples
