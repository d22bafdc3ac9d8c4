// SPDX-License-Identifier: GPL-2.0
#include "output/json_record.h"

namespace tcptrace::output {
namespace {

void write_group(JsonWriter& json, const model::CauseGroup& group, const Context& context) {
  json.open_object();
  json.word<"cause">(model::cause_name(group.cause));
  json.word<"confidence">(model::confidence_name(group.confidence));
  json.number<"count">(group.count);
  write_party(json, group.party);
  write_time<"first">(json, group.first, context);
  write_time<"last">(json, group.last, context);
  json.string_unless_empty<"advice">(group.advice);
  json.close_object();
}

void write_cluster(JsonWriter& json, const model::IdleCluster& cluster) {
  json.open_object();
  json.word<"pattern">("idle_timeout");
  json.number<"count">(cluster.count);
  json.number<"of">(cluster.of);
  json.number<"idle_ms">(cluster.idle.count());
  json.word<"cause">(model::cause_name(cluster.cause));
  write_party(json, cluster.party);
  json.close_object();
}

// With three decimals, as milliseconds are.
void write_rate(JsonWriter& json, double per_second) {
  json.milliseconds<"per_second">(
      std::chrono::nanoseconds(static_cast<std::int64_t>(per_second * 1e6)));
}

void write_storm(JsonWriter& json, const model::RetryStorm& storm) {
  json.open_object();
  json.word<"pattern">("retry_storm");
  json.number<"count">(storm.count);
  write_rate(json, storm.per_second);
  json.boolean<"backs_off">(storm.backs_off);
  json.number_unless_zero<"pid">(storm.pid);
  write_party(json, storm.party);
  json.close_object();
}

void write_churn(JsonWriter& json, const model::Churn& churn) {
  json.open_object();
  json.word<"pattern">("connection_churn");
  json.number<"count">(churn.count);
  write_rate(json, churn.per_second);
  json.number<"age_ms">(churn.age.count());
  json.number_unless_zero<"pid">(churn.pid);
  write_party(json, churn.party);
  json.close_object();
}

}  // namespace

void write_party(JsonWriter& json, const model::Party& party) {
  json.string_unless_empty<"comm">(party.comm);
  write_address_field<"peer">(json, party.family, party.peer);
  json.number<"port">(party.port);
}

void write_pattern_list(JsonWriter& json, const model::Patterns& patterns) {
  json.array<"patterns">();
  for (const model::IdleCluster& cluster : patterns.idle_clusters) {
    write_cluster(json, cluster);
  }
  for (const model::RetryStorm& storm : patterns.retry_storms) {
    write_storm(json, storm);
  }
  for (const model::Churn& churn : patterns.churn) {
    write_churn(json, churn);
  }
  json.close_array();
}

void write_patterns(JsonWriter& json, const model::Patterns& patterns, const Context& context) {
  json.array<"causes">();
  for (const model::CauseGroup& group : patterns.causes) {
    write_group(json, group, context);
  }
  json.close_array();
  json.number_unless_zero<"causes_ungrouped">(patterns.ungrouped);
  write_pattern_list(json, patterns);
}

}  // namespace tcptrace::output
