// SPDX-License-Identifier: GPL-2.0
// Attempts of a probe as JSON Lines.
#include "output/json_record.h"
#include "output/probe.h"

namespace tcptrace::output {
namespace {

using model::ProbeConnect;
using model::ProbeOutcome;

void write_connect(JsonWriter& json, const ProbeConnect& connect) {
  json.word<"outcome">(model::probe_outcome_name(connect.outcome));
  json.word<"phase">(model::probe_phase_name(connect.phase));
  write_errno<"errno">(json, connect.err);
  if (!connect.address.empty()) {
    json.string<"address">(connect.address);
    json.number<"port">(connect.port);
  }
  if (connect.connect) {
    json.milliseconds<"connect_ms">(*connect.connect);
    json.number<"syn_retransmits">(connect.syn_retransmits);
  }
  if (connect.rtt) {
    json.milliseconds<"rtt_ms">(*connect.rtt);
  }
  if (connect.first_byte) {
    json.milliseconds<"first_byte_ms">(*connect.first_byte);
  }
}

void write_outcomes(JsonWriter& json, const model::ProbeSummary& summary) {
  json.object<"outcomes">();
  for (std::size_t i = 0; i < model::kProbeOutcomes; ++i) {
    json.number_unless_zero(model::probe_outcome_name(static_cast<ProbeOutcome>(i)),
                            summary.outcomes[i]);
  }
  json.close_object();
}

void write_addresses(JsonWriter& json, const model::ProbeSummary& summary) {
  json.array<"addresses">();
  for (const model::ProbeAddress& address : summary.addresses) {
    json.open_object();
    json.string<"address">(address.address);
    json.number<"port">(address.port);
    json.number<"attempts">(address.attempts);
    json.number<"succeeded">(address.succeeded);
    write_latency<"connect">(json, address.connect);
    json.close_object();
  }
  json.close_array();
}

}  // namespace

std::string probe_json(const model::ProbeAttempt& attempt, const model::ProbeHost& host,
                       const Context& context) {
  std::string out;
  JsonWriter json(out);
  write_head(json, "probe", attempt.boot_time, context);
  json.number<"number">(attempt.number);
  write_connect(json, attempt.last);
  if (attempt.resolve) {
    json.milliseconds<"resolve_ms">(*attempt.resolve);
  }
  json.string_unless_empty<"resolve_error">(attempt.resolve_error);
  if (!attempt.fallen.empty()) {
    json.array<"before">();
    for (const ProbeConnect& fallen : attempt.fallen) {
      json.open_object();
      write_connect(json, fallen);
      json.close_object();
    }
    json.close_array();
  }
  if (const auto lines = explain(attempt, host); !lines.empty()) {
    json.array<"explanation">();
    for (const std::string& line : lines) {
      json.element(line);
    }
    json.close_array();
  }
  json.close_object();
  json.end_line();
  return out;
}

std::string probe_summary_json(const model::ProbeSummary& summary, const Context& context) {
  std::string out;
  JsonWriter json(out);
  write_head(json, "probe_summary", summary.boot_time, context);
  json.milliseconds<"duration_ms">(summary.duration);
  json.word_unless_empty<"ended_by">(summary.ended_by);
  json.number<"attempts">(summary.attempts);
  json.number<"succeeded">(summary.succeeded());
  write_outcomes(json, summary);
  json.number<"fallen">(summary.fallen);
  json.number<"syn_retransmits">(summary.syn_retransmits);
  write_latency<"resolve">(json, summary.resolve);
  write_latency<"connect">(json, summary.connect);
  if (summary.connect.count != 0) {
    json.milliseconds<"jitter_ms">(summary.jitter);
  }
  write_latency<"rtt">(json, summary.rtt);
  write_latency<"first_byte">(json, summary.first_byte);
  write_addresses(json, summary);
  json.close_object();
  json.end_line();
  return out;
}

}  // namespace tcptrace::output
