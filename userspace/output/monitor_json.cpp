// SPDX-License-Identifier: GPL-2.0
// A reading of the monitor as one JSON line.
#include "output/monitor_record.h"

namespace tcptrace::output {
namespace {

using model::MonitorCounter;
using model::MonitorReading;

void write_rates(JsonWriter& json, const MonitorReading& reading) {
  if (!reading.rates) {
    return;
  }
  const model::MonitorRates& rates = *reading.rates;
  const auto count = [&rates](MonitorCounter counter) { return count_of(rates.counts, counter); };
  json.object<"rates">();
  json.milliseconds<"elapsed_ms">(rates.elapsed);
  json.real<"connections_per_second">(model::connection_rate(rates));
  if (reading.error_rate) {
    json.real<"error_percent">(*reading.error_rate);
  }
  json.real<"retransmit_percent">(model::retransmit_rate(rates));
  json.number<"active_opens">(count(MonitorCounter::kActiveOpens));
  json.number<"passive_opens">(count(MonitorCounter::kPassiveOpens));
  json.number<"attempt_fails">(count(MonitorCounter::kAttemptFails));
  json.number<"established_resets">(count(MonitorCounter::kEstabResets));
  json.number<"resets_sent">(count(MonitorCounter::kOutRsts));
  json.number<"segments_in">(count(MonitorCounter::kInSegs));
  json.number<"segments_out">(count(MonitorCounter::kOutSegs));
  json.number<"segments_retransmitted">(count(MonitorCounter::kRetransSegs));
  json.number<"input_errors">(count(MonitorCounter::kInErrs));
  json.number<"syn_retransmits">(count(MonitorCounter::kSynRetrans));
  json.number<"timeouts">(count(MonitorCounter::kTimeouts));
  json.number<"listen_overflows">(count(MonitorCounter::kListenOverflows));
  json.number<"listen_drops">(count(MonitorCounter::kListenDrops));
  json.number<"backlog_drops">(count(MonitorCounter::kBacklogDrop));
  json.number<"aborts_on_timeout">(count(MonitorCounter::kAbortOnTimeout));
  json.number<"aborts_on_memory">(count(MonitorCounter::kAbortOnMemory));
  json.number<"embryonic_resets">(count(MonitorCounter::kEmbryonicResets));
  json.number_unless_zero<"restarted_namespaces">(rates.restarted);
  json.close_object();
}

template <JsonKey K, JsonKey Recent>
void write_tally(JsonWriter& json, const model::Tally& tally) {
  json.number_unless_zero<K>(tally.total);
  json.number_unless_zero<Recent>(tally.recent);
}

void write_trace(JsonWriter& json, const MonitorReading& reading) {
  json.string_unless_empty<"no_trace">(reading.no_trace);
  if (!reading.trace) {
    return;
  }
  json.object<"trace">();
  json.array<"causes">();
  for (const model::CauseTally& row : reading.trace->causes) {
    json.open_object();
    json.word<"cause">(model::cause_name(row.cause));
    write_tally<"sent", "sent_last_minute">(json, row.sent);
    write_tally<"received", "received_last_minute">(json, row.received);
    write_tally<"failed", "failed_last_minute">(json, row.failed);
    json.close_object();
  }
  json.close_array();
  json.array<"retransmits">();
  for (const model::RetransmitTally& row : reading.trace->retransmits) {
    json.open_object();
    json.word<"kind">(model::retransmit_type_name(row.type));
    json.number<"segments">(row.segments.total);
    json.number<"segments_last_minute">(row.segments.recent);
    json.close_object();
  }
  json.close_array();
  write_loss_counts(json, reading.trace->lost);
  json.close_object();
}

void write_alerts(JsonWriter& json, const MonitorReading& reading, const Context& context) {
  json.array<"alerts">();
  for (const model::Alert& alert : reading.alerts) {
    json.open_object();
    write_alert(json, alert, context);
    json.close_object();
  }
  json.close_array();
}

void write_trends(JsonWriter& json, const MonitorReading& reading) {
  json.array<"trends">();
  for (std::size_t i = 0; i < model::kMetrics; ++i) {
    const model::Trend& trend = reading.trends.at(i);
    json.open_object();
    json.word<"metric">(model::metric_name(static_cast<model::Metric>(i)));
    json.word<"trend">(model::trend_kind_name(trend.kind));
    if (trend.kind != model::TrendKind::kNotEnough) {
      json.real<"from">(trend.from);
      json.real<"to">(trend.to);
    }
    if (trend.kind == model::TrendKind::kPeriodic) {
      json.milliseconds<"period_ms">(trend.period);
      json.real<"correlation">(trend.correlation);
    }
    json.close_object();
  }
  json.close_array();
}

void write_retries(JsonWriter& json, const MonitorReading& reading) {
  json.array<"retries">();
  for (const model::RetryPattern& row : reading.retries) {
    json.open_object();
    json.string_unless_empty<"subject">(row.subject);
    json.boolean<"backs_off">(row.backs_off);
    json.number<"attempts">(row.attempts);
    json.milliseconds<"first_gap_ms">(row.first_gap);
    json.milliseconds<"last_gap_ms">(row.last_gap);
    json.close_object();
  }
  json.close_array();
}

void write_losses(JsonWriter& json, const model::MonitorLosses& losses) {
  json.object<"losses">();
  json.number<"alerts_untracked">(losses.alerts_untracked);
  json.number<"commands_dropped">(losses.commands_dropped);
  json.number<"commands_failed">(losses.commands_failed);
  json.number<"unread_namespaces">(losses.unread_namespaces);
  json.number<"walks_failed">(losses.walks_failed);
  json.close_object();
}

}  // namespace

std::string monitor_json(const MonitorReading& reading, const Context& context) {
  std::string out;
  JsonWriter json(out);
  write_head(json, "monitor", reading.boot_time, context);
  json.milliseconds<"interval_ms">(reading.interval);
  json.number<"connections">(reading.connections);
  json.number<"time_wait">(reading.time_wait);
  json.number<"orphans">(reading.orphans);
  json.number<"memory_bytes">(reading.memory_bytes);
  json.number<"namespaces">(reading.namespaces);
  write_rates(json, reading);
  write_walk(json, reading);
  write_trace(json, reading);
  write_alerts(json, reading, context);
  write_trends(json, reading);
  write_retries(json, reading);
  write_losses(json, reading.losses);
  json.close_object();
  json.end_line();
  return out;
}

}  // namespace tcptrace::output
