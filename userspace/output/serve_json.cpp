// SPDX-License-Identifier: GPL-2.0
// A server's records as JSON Lines.
#include "output/json_record.h"
#include "output/serve.h"

namespace tcptrace::output {
namespace {

void write_closed_by_us(JsonWriter& json, const model::ServeCounts& counts) {
  json.object<"closed_by_us">();
  json.number<"total">(counts.closed_by_us_total());
  for (std::size_t i = 0; i < model::kServeCloses; ++i) {
    json.number_unless_zero(model::serve_close_name(static_cast<model::ServeClose>(i)),
                            counts.closed_by_us[i]);
  }
  json.close_object();
}

void write_errors(JsonWriter& json, const model::ServeCounts& counts) {
  if (counts.errors.empty()) {
    return;
  }
  json.array<"errors">();
  for (const model::ErrnoCount& error : counts.errors) {
    json.open_object();
    write_errno<"errno">(json, error.err);
    json.number<"count">(error.count);
    json.close_object();
  }
  json.close_array();
}

}  // namespace

std::string serve_start_json(const model::ServeStart& start, const Context& context) {
  std::string out;
  JsonWriter json(out);
  write_head(json, "serve_start", start.boot_time, context);
  json.word<"mode">(model::serve_mode_name(start.mode));
  json.number<"threads">(start.threads);
  json.array<"addresses">();
  for (const model::ListenAddress& address : start.addresses) {
    json.open_object();
    json.string<"address">(address.address);
    json.number<"port">(address.port);
    json.flag<"dual_stack">(address.dual_stack);
    json.close_object();
  }
  json.close_array();
  json.close_object();
  json.end_line();
  return out;
}

std::string serve_report_json(const model::ServeReport& report, const Context& context) {
  const model::ServeCounts& counts = report.counts;
  std::string out;
  JsonWriter json(out);
  write_head(json, "serve", report.boot_time, context);
  json.milliseconds<"duration_ms">(report.duration);
  json.word_unless_empty<"ended_by">(report.ended_by);
  json.number<"accepted">(counts.accepted);
  json.number<"max_open">(counts.max_open);
  json.number<"closed_by_peer">(counts.closed_by_peer);
  write_closed_by_us(json, counts);
  json.number<"resets_received">(counts.resets_received);
  json.number<"resets_sent">(counts.resets_sent);
  json.number<"failed">(counts.failed);
  json.number<"requests">(counts.requests);
  json.number<"bad_requests">(counts.bad_requests);
  json.number<"bytes_received">(counts.bytes_received);
  json.number<"bytes_sent">(counts.bytes_sent);
  json.number<"accept_pauses">(counts.accept_pauses);
  write_errors(json, counts);
  json.close_object();
  json.end_line();
  return out;
}

}  // namespace tcptrace::output
