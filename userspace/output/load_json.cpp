// SPDX-License-Identifier: GPL-2.0
// The results of a load as one JSON line.
#include <algorithm>
#include <cmath>

#include "output/json_record.h"
#include "output/load.h"
#include "output/words.h"

namespace tcptrace::output {
namespace {

using model::LoadReport;

template <JsonKey K>
void write_rate(JsonWriter& json, std::uint64_t count, const LoadReport& report) {
  json.real<K>(per_second(count, report.duration));
}

void write_target(JsonWriter& json, const LoadReport& report) {
  json.object<"target">();
  json.string<"host">(report.options.target.host);
  json.number<"port">(report.options.target.port);
  json.array<"addresses">();
  for (const std::string& address : report.addresses) {
    json.element(address);
  }
  json.close_array();
  json.close_object();
}

std::string_view work_name(model::LoadWork work) {
  switch (work) {
    case model::LoadWork::kConnect:
      return "connect";
    case model::LoadWork::kEcho:
      return "echo";
    case model::LoadWork::kHttp:
      return "http";
  }
  return {};
}

std::string_view close_name(model::CloseStyle close) {
  switch (close) {
    case model::CloseStyle::kFin:
      return "fin";
    case model::CloseStyle::kRst:
      return "rst";
    case model::CloseStyle::kHalfClose:
      return "half-close";
  }
  return {};
}

void write_load(JsonWriter& json, const LoadReport& report) {
  const model::LoadOptions& options = report.options;
  json.object<"load">();
  json.word<"work">(work_name(options.work));
  json.number<"connections">(report.connections);
  json.number<"threads">(report.threads);
  if (options.rate) {
    json.real<"rate">(*options.rate);
  }
  if (options.total) {
    json.number<"total">(*options.total);
  }
  if (options.work != model::LoadWork::kConnect) {
    json.number<"requests">(options.requests);
  }
  json.number_unless_zero<"payload_bytes">(options.payload_bytes);
  json.string_unless_empty<"path">(options.path);
  if (options.hold.count() != 0) {
    json.milliseconds<"hold_ms">(options.hold);
  }
  json.word<"close">(close_name(options.close));
  json.close_object();
}

void write_connections(JsonWriter& json, const LoadReport& report) {
  const model::LoadCounts& counts = report.counts;
  json.object<"connections">();
  json.number<"attempts">(counts.attempts);
  json.number<"established">(report.connect.count);
  json.number<"succeeded">(counts.succeeded);
  json.number<"failed">(counts.failed);
  json.number<"unfinished">(counts.unfinished);
  json.number<"fallovers">(counts.fallovers);
  if (report.options.rate) {
    json.number<"overdue">(report.overdue);
  }
  write_rate<"established_per_second">(json, report.connect.count, report);
  if (const std::uint64_t ended = counts.succeeded + counts.failed; ended != 0) {
    json.thousandths<"success_percent">(counts.succeeded * 100'000 / ended);
  }
  json.close_object();
}

void write_traffic(JsonWriter& json, const LoadReport& report) {
  const model::LoadCounts& counts = report.counts;
  json.object<"traffic">();
  json.number<"requests">(counts.requests);
  write_rate<"requests_per_second">(json, counts.requests, report);
  json.number<"bytes_sent">(counts.bytes_sent);
  write_rate<"bytes_sent_per_second">(json, counts.bytes_sent, report);
  json.number<"bytes_received">(counts.bytes_received);
  write_rate<"bytes_received_per_second">(json, counts.bytes_received, report);
  json.close_object();
}

template <JsonKey K>
void write_spread(JsonWriter& json, const model::Spread<std::uint32_t>& spread) {
  json.object<K>();
  json.number<"min">(spread.min);
  json.number<"p50">(spread.p50);
  json.number<"p90">(spread.p90);
  json.number<"p99">(spread.p99);
  json.number<"max">(spread.max);
  json.close_object();
}

void write_sampled(JsonWriter& json, const model::LoadTcpInfo& info) {
  if (info.samples == 0) {
    return;
  }
  json.object<"sampled_tcp_info">();
  json.number<"samples">(info.samples);
  write_spread<"rtt_us">(json, info.rtt_us);
  write_spread<"snd_cwnd">(json, info.snd_cwnd);
  write_spread<"total_retrans">(json, info.total_retrans);
  json.close_object();
}

void write_failure(JsonWriter& json, const model::LoadFailure& failure) {
  json.word<"phase">(load_phase_name(failure.phase));
  json.word_unless_empty<"check">(load_check_name(failure.check));
  write_errno<"errno">(json, failure.error);
}

void write_failures(JsonWriter& json, const LoadReport& report) {
  json.array<"failures">();
  for (const model::LoadFailureCount& row : report.failures) {
    json.open_object();
    write_failure(json, row.failure);
    json.number<"count">(row.count);
    json.close_object();
  }
  json.close_array();
}

void write_failed(JsonWriter& json, const LoadReport& report, const Context& context) {
  json.array<"failed">();
  for (const model::FailedConnection& one : report.failed) {
    json.open_object();
    write_time<"time">(json, one.boot_time, context);
    write_failure(json, one.failure);
    write_address_field<"local">(json, one.family, one.local);
    json.number<"local_port">(one.local_port);
    write_address_field<"peer">(json, one.family, one.peer);
    json.number<"peer_port">(one.peer_port);
    json.close_object();
  }
  json.close_array();
  json.number<"failed_beyond">(report.failed_beyond);
}

void write_cause(JsonWriter& json, const model::LoadCause& row) {
  json.open_object();
  json.number<"count">(row.count);
  write_failure(json, row.failure);
  json.word<"cause">(cause_name(row.cause));
  json.word<"confidence">(confidence_name(row.confidence));
  json.flag<"at_peer">(row.at_peer);
  json.string<"summary">(row.summary);
  json.string_unless_empty<"advice">(row.advice);
  json.close_object();
}

void write_diagnosis(JsonWriter& json, const model::LoadDiagnosis& diagnosis) {
  json.object<"diagnosis">();
  json.array<"causes">();
  for (const model::LoadCause& row : diagnosis.causes) {
    write_cause(json, row);
  }
  json.close_array();
  json.number<"untold">(diagnosis.untold);
  json.number<"lost">(diagnosis.lost);
  json.close_object();
}

}  // namespace

std::string load_json(const LoadReport& report, const Context& context) {
  std::string out;
  JsonWriter json(out);
  write_head(json, "stress", report.boot_time, context);
  write_target(json, report);
  write_load(json, report);
  json.milliseconds<"duration_ms">(report.duration);
  json.word<"ended_by">(report.ended_by);
  write_connections(json, report);
  write_traffic(json, report);
  json.object<"latency">();
  write_latency<"connect">(json, report.connect);
  write_latency<"request">(json, report.request);
  write_latency<"from_schedule">(json, report.from_schedule);
  json.close_object();
  write_sampled(json, report.tcp_info);
  write_failures(json, report);
  if (report.diagnosis) {
    write_diagnosis(json, *report.diagnosis);
  }
  if (context.verbose) {
    write_failed(json, report, context);
  }
  json.close_object();
  json.end_line();
  return out;
}

}  // namespace tcptrace::output
