// SPDX-License-Identifier: GPL-2.0
// Counts of sockets, for the JSON of those who count them. Private to output/.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

#include "model/socket_census.h"
#include "output/json_record.h"

namespace tcptrace::output {

// "states":{…}, without those that nothing is in.
void write_states(JsonWriter& json, const model::StateCounts& states);

// "process":{…}, where it is known.
void write_known_process(JsonWriter& json, const model::Process& process);

// The fields of a row, without its brackets.
void write_row(JsonWriter& json, const model::PortCount& row);
void write_row(JsonWriter& json, const model::PeerCount& row);
void write_row(JsonWriter& json, const model::ProcessCount& row);
void write_row(JsonWriter& json, const model::ContainerCount& row);
void write_row(JsonWriter& json, const model::ListenerCount& row);
void write_row(JsonWriter& json, const model::CloseWaitSuspect& row);
void write_row(JsonWriter& json, const model::PortUse& row);

// The first `most` of them.
template <JsonKey K, typename Rows>
void write_rows(JsonWriter& json, const Rows& rows, std::size_t most = SIZE_MAX) {
  json.array<K>();
  for (const auto& row : std::span(rows).first(std::min(rows.size(), most))) {
    json.open_object();
    write_row(json, row);
    json.close_object();
  }
  json.close_array();
}

}  // namespace tcptrace::output
