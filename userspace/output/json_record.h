// SPDX-License-Identifier: GPL-2.0
// Parts of a JSON record that several records share. Private to output/.
#pragma once

#include <chrono>
#include <string_view>

#include "model/event.h"
#include "model/report.h"
#include "output/context.h"
#include "output/json_writer.h"

namespace tcptrace::output {

inline constexpr int kSchema = 1;

// Opens the record: {"schema":1,"type":…,"time":…,"host":…, without a time for 0, which means not
// known.
void write_head(JsonWriter& json, std::string_view type, std::chrono::nanoseconds boot_time,
                const Context& context);

// "tcp_info":{…}, of an event that has one.
void write_tcp_info(JsonWriter& json, const model::Event& event);

// "hooks":[…],
void write_hook_list(JsonWriter& json, const model::Hooks& hooks);

void write_hooks(JsonWriter& json, const model::Hooks& hooks, const Context& context);
void write_summary(JsonWriter& json, const model::Summary& summary, const Context& context);
void write_loss_counts(JsonWriter& json, const model::LossCounts& counts);

// "errno":"ECONNRESET", or its number as a string where it has no name; nothing for 0.
template <Key K>
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

}  // namespace tcptrace::output
