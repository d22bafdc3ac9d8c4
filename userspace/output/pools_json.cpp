// SPDX-License-Identifier: GPL-2.0
// Connection pools as JSON Lines.
#include <cmath>
#include <cstddef>
#include <cstdint>

#include "output/json_record.h"
#include "output/pools.h"

namespace tcptrace::output {
namespace {

using model::Pool;
using model::PoolReport;

void write_peer(JsonWriter& json, const model::PeerEndpoint& peer) {
  json.number<"netns">(peer.netns);
  json.word<"family">(model::family_name(peer.family));
  write_address_field<"peer">(json, peer.family, peer.address);
  json.number<"peer_port">(peer.port);
}

void write_connections(JsonWriter& json, const Pool& pool) {
  json.object<"connections">();
  json.number<"open">(pool.now.open);
  json.number<"idle">(pool.now.idle);
  json.number<"busy">(pool.now.busy);
  json.number<"waiting">(pool.now.waiting);
  json.number<"connecting">(pool.now.connecting);
  json.number<"close_wait">(pool.now.close_wait);
  json.number<"time_wait">(pool.time_wait);
  json.close_object();
}

void write_times(JsonWriter& json, const model::PoolTimes& times) {
  json.number<"count">(times.count);
  json.milliseconds<"min_ms">(times.min);
  json.milliseconds<"median_ms">(times.median);
  json.milliseconds<"p90_ms">(times.p90);
  json.milliseconds<"max_ms">(times.max);
}

void write_idle(JsonWriter& json, const Pool& pool) {
  if (pool.idle.count == 0) {
    return;
  }
  json.object<"idle">();
  write_times(json, pool.idle);
  json.array<"buckets">();
  for (std::size_t i = 0; i < pool.idle_buckets.size(); ++i) {
    json.open_object();
    if (i < model::kIdleBounds.size()) {
      json.milliseconds<"below_ms">(model::kIdleBounds[i]);
    }
    json.number<"count">(pool.idle_buckets[i]);
    json.close_object();
  }
  json.close_array();
  json.close_object();
}

void write_age(JsonWriter& json, const Pool& pool) {
  if (pool.age.count == 0) {
    return;
  }
  json.object<"age">();
  write_times(json, pool.age);
  json.flag<"at_least">(pool.age_at_least);
  json.close_object();
}

template <JsonKey K>
void write_per_minute(JsonWriter& json, std::uint64_t count, const PoolReport& report) {
  if (report.duration > std::chrono::nanoseconds(0)) {
    json.real<K>(model::per_minute(count, report.duration));
  }
}

void write_churn(JsonWriter& json, const Pool& pool, const PoolReport& report) {
  if (report.looks < 2) {
    return;
  }
  const model::PoolChurn& churn = pool.churn;
  json.object<"churn">();
  json.number<"opened">(churn.opened);
  json.number<"closed">(churn.closed);
  json.number<"closed_here">(churn.closed_here);
  json.number<"closed_by_peer">(churn.closed_by_peer);
  if (report.traced) {
    json.number<"reset">(churn.reset);
    json.number<"failed">(churn.failed);
  }
  write_per_minute<"opened_per_minute">(json, churn.opened, report);
  write_per_minute<"closed_per_minute">(json, churn.closed, report);
  json.flag<"at_least">(churn.at_least);
  if (churn.lifetimes.count != 0) {
    json.object<"lifetime">();
    write_times(json, churn.lifetimes);
    json.close_object();
  }
  json.close_object();
}

void write_looks(JsonWriter& json, const Pool& pool) {
  json.object<"looks">();
  json.number<"open">(pool.looks);
  json.number<"all_busy">(pool.busy_looks);
  json.number<"grown">(pool.grown_looks);
  json.number<"shrunk">(pool.shrunk_looks);
  json.number<"open_min">(pool.open_min);
  json.number<"open_max">(pool.open_max);
  json.milliseconds<"longest_idle_ms">(pool.longest_idle);
  json.milliseconds<"close_wait_age_ms">(pool.close_wait_age);
  json.close_object();
}

void write_verdicts(JsonWriter& json, const Pool& pool) {
  json.array<"verdicts">();
  for (const model::PoolVerdict& verdict : pool.verdicts) {
    json.open_object();
    json.word<"verdict">(model::pool_problem_name(verdict.problem));
    json.word<"confidence">(model::confidence_name(verdict.confidence));
    json.string<"summary">(verdict.summary);
    json.array<"evidence">();
    for (const std::string& fact : verdict.evidence) {
      json.element(fact);
    }
    json.close_array();
    json.string<"advice">(verdict.advice);
    json.close_object();
  }
  json.close_array();
}

void write_pool(std::string& out, const Pool& pool, const PoolReport& report,
                const Context& context) {
  JsonWriter json(out);
  write_head(json, "pool", report.boot_time, context);
  if (pool.process) {
    write_process(json, *pool.process);
  }
  json.word_unless_empty<"runtime">(model::runtime_name(pool.runtime));
  write_peer(json, pool.peer);
  write_connections(json, pool);
  write_idle(json, pool);
  write_age(json, pool);
  write_churn(json, pool, report);
  write_looks(json, pool);
  write_verdicts(json, pool);
  json.close_object();
  json.end_line();
}

void write_idle_closes(JsonWriter& json, const PoolReport& report) {
  json.array<"peer_idle_closes">();
  for (const model::PeerIdleClose& close : report.peer_idle_closes) {
    json.open_object();
    write_peer(json, close.peer);
    json.milliseconds<"idle_ms">(close.idle);
    json.number<"count">(close.count);
    json.number<"of">(close.of);
    json.flag<"presumed">(close.presumed);
    json.close_object();
  }
  json.close_array();
}

void write_opens(JsonWriter& json, const PoolReport& report) {
  json.array<"opens">();
  for (const model::NetnsOpens& row : report.opens) {
    json.open_object();
    json.number<"netns">(row.netns);
    json.number<"kernel">(row.opens);
    json.number<"seen">(row.seen);
    json.close_object();
  }
  json.close_array();
}

void write_pools_summary(std::string& out, const PoolReport& report, const Context& context) {
  JsonWriter json(out);
  write_head(json, "pools_summary", report.boot_time, context);
  json.word<"ended_by">(report.ended_by);
  json.word<"source">(model::socket_source_name(report.source));
  json.flag<"traced">(report.traced);
  json.milliseconds<"duration_ms">(report.duration);
  json.milliseconds<"interval_ms">(report.interval);
  json.number<"looks">(report.looks);
  json.number<"pools">(report.pools.size());
  json.number<"connections">(report.connections);
  write_idle_closes(json, report);
  write_opens(json, report);
  json.number_unless_zero<"not_followed">(report.not_followed);
  json.number_unless_zero<"not_pooled">(report.not_pooled);
  json.number_unless_zero<"lost">(report.lost);
  json.close_object();
  json.end_line();
}

}  // namespace

std::string pools_json(const PoolReport& report, const Context& context) {
  std::string out;
  for (const Pool& pool : report.pools) {
    write_pool(out, pool, report, context);
  }
  write_pools_summary(out, report, context);
  return out;
}

}  // namespace tcptrace::output
