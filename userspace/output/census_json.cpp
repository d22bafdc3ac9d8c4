// SPDX-License-Identifier: GPL-2.0
#include "output/census_json.h"

namespace tcptrace::output {

void write_states(JsonWriter& json, const model::StateCounts& states) {
  json.object<"states">();
  for (std::size_t i = 1; i < states.size(); ++i) {  // 0: TcpState::kUnknown
    json.number_unless_zero(model::state_name(static_cast<model::TcpState>(i)), states.at(i));
  }
  json.close_object();
}

void write_known_process(JsonWriter& json, const model::Process& process) {
  if (process.pid != 0) {
    write_process(json, process);
  }
}

void write_row(JsonWriter& json, const model::PortCount& row) {
  json.number<"netns">(row.netns);
  json.number<"port">(row.port);
  json.number<"connections">(row.connections);
}

void write_row(JsonWriter& json, const model::PeerCount& row) {
  write_address_field<"address">(json, row.family, row.address);
  json.number<"connections">(row.connections);
  json.number<"established">(row.established);
}

void write_row(JsonWriter& json, const model::ProcessCount& row) {
  write_known_process(json, row.process);
  json.number<"connections">(row.connections);
  json.number<"established">(row.established);
  json.number<"close_wait">(row.close_wait);
}

void write_row(JsonWriter& json, const model::ContainerCount& row) {
  json.string<"container">(row.container);
  json.string_unless_empty<"runtime">(row.runtime);
  json.number<"connections">(row.connections);
}

void write_row(JsonWriter& json, const model::ListenerCount& row) {
  json.number<"netns">(row.netns);
  write_address_field<"address">(json, row.family, row.address);
  json.number<"port">(row.port);
  write_known_process(json, row.process);
  json.number<"backlog">(row.backlog);
  json.number<"limit">(row.limit);
  json.real<"percent">(model::backlog_percent(row));
  json.number<"syn_recv">(row.syn_recv);
  json.number<"connections">(row.connections);
}

void write_row(JsonWriter& json, const model::CloseWaitSuspect& row) {
  json.number<"netns">(row.netns);
  write_known_process(json, row.process);
  write_address_field<"peer">(json, row.family, row.peer);
  json.number<"port">(row.port);
  json.word<"role">(row.server ? "server" : "client");
  json.number<"connections">(row.connections);
  json.milliseconds<"at_least_ms">(row.at_least);
  json.milliseconds<"at_most_ms">(row.at_most);
}

void write_row(JsonWriter& json, const model::PortUse& row) {
  json.number<"netns">(row.netns);
  write_address_field<"local">(json, row.family, row.local);
  write_address_field<"peer">(json, row.family, row.peer);
  json.number<"peer_port">(row.peer_port);
  json.number<"ports">(row.ports);
  json.number<"time_wait">(row.time_wait);
  json.number<"available">(row.available);
  json.real<"percent">(model::ports_percent(row));
}

}  // namespace tcptrace::output
