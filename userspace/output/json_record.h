// SPDX-License-Identifier: GPL-2.0
// Parts of a JSON record that several records share. Private to output/.
#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/text.h"
#include "model/event.h"
#include "model/latency.h"
#include "model/patterns.h"
#include "model/report.h"
#include "output/context.h"
#include "output/json_writer.h"
#include "output/wall_time.h"

namespace tcptrace::output {

inline constexpr int kSchema = 1;

// Opens the record: {"schema":1,"type":…,"time":…,"host":…, without a time for 0, which means not
// known.
void write_head(JsonWriter& json, std::string_view type, std::chrono::nanoseconds boot_time,
                const Context& context);

// "2026-11-21T01:02:03.123456789Z"
template <JsonKey K>
void write_time(JsonWriter& json, std::chrono::nanoseconds boot_time, const Context& context) {
  const std::chrono::nanoseconds wall = wall_time(boot_time, context);
  json.written<K>([wall](char* to) { return write_rfc3339(to, wall); });
}

template <JsonKey K>
void write_address_field(JsonWriter& json, model::Family family, const model::Address& address) {
  const std::span<const std::uint8_t, 16> bytes(address.bytes);
  json.written<K>([&](char* to) {
    return family == model::Family::kIpv4 ? write_address(to, bytes.first<4>())
                                          : write_address(to, bytes);
  });
}

// "connection":{… without its end: some records know more of it than what all have.
void open_connection(JsonWriter& json, const model::Connection& connection);

// "process":{…}, and what is in it of a task that is not the owner.
void write_process(JsonWriter& json, const model::Process& process);
void write_task(JsonWriter& json, const model::Process& process);

// What of a TcpInfo means something.
struct InfoScope {
  bool connection = true;  // false: a listener's, of which only the backlog does
  bool opened = true;      // it got beyond SYN_SENT
  bool receive_window = true;
};
// "tcp_info":{…},
void write_tcp_info(JsonWriter& json, const model::TcpInfo& info, InfoScope scope);

// "verdict":{…},
void write_verdict(JsonWriter& json, const model::Verdict& verdict);

// "history":[{…},…]
void write_history(JsonWriter& json, const model::Event& event);

// "hooks":[…],
void write_hook_list(JsonWriter& json, std::span<const model::HookStatus> hooks);

void write_hooks(JsonWriter& json, const model::Hooks& hooks, const Context& context);
void write_summary(JsonWriter& json, const model::Summary& summary, const Context& context);
void write_loss_counts(JsonWriter& json, const model::LossCounts& counts);
void write_polling(JsonWriter& json, const model::Polling& polling);
// "coverage":[…],
void write_coverage(JsonWriter& json, std::span<const model::NetnsCoverage> coverage);
// "comm":…,"peer":…,"port":…,
void write_party(JsonWriter& json, const model::Party& party);
// "patterns":[…],
void write_pattern_list(JsonWriter& json, const model::Patterns& patterns);
// "causes":[…],"patterns":[…],
void write_patterns(JsonWriter& json, const model::Patterns& patterns, const Context& context);

// "errno":"ECONNRESET", or its number as a string where it has no name; nothing for 0.
template <JsonKey K>
void write_errno(JsonWriter& json, std::uint32_t err) {
  if (err == 0) {
    return;
  }
  const std::string_view name = model::errno_name(err);
  if (!name.empty()) {
    json.word<K>(name);
  } else {
    json.written<K>([err](char* to) { return std::to_chars(to, to + 10, err).ptr; });
  }
}

// "connect":{…}, of times; nothing without any.
template <JsonKey K>
void write_latency(JsonWriter& json, const model::Latency& latency) {
  if (latency.count == 0) {
    return;
  }
  json.object<K>();
  json.number<"count">(latency.count);
  json.milliseconds<"min_ms">(latency.min);
  json.milliseconds<"mean_ms">(latency.mean);
  json.milliseconds<"p50_ms">(latency.p50);
  json.milliseconds<"p90_ms">(latency.p90);
  json.milliseconds<"p99_ms">(latency.p99);
  json.milliseconds<"p99_9_ms">(latency.p99_9);
  json.milliseconds<"max_ms">(latency.max);
  json.close_object();
}

}  // namespace tcptrace::output
