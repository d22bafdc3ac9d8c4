// SPDX-License-Identifier: GPL-2.0
// The sockets as last counted, as JSON.
#include "output/census_json.h"
#include "output/monitor_record.h"

namespace tcptrace::output {
namespace {

using model::SocketCensus;

// A line that is read every second has the first of a table; `tcptrace analyze` has more.
constexpr std::size_t kRows = 10;

void write_round_trips(JsonWriter& json, const SocketCensus& census) {
  json.array<"rtt">();
  for (std::size_t i = 0; i < census.rtt.size(); ++i) {
    if (census.rtt.at(i) != 0) {
      json.open_object();
      json.number<"below_us">(std::uint64_t{1} << i);
      json.number<"connections">(census.rtt.at(i));
      json.close_object();
    }
  }
  json.close_array();
}

}  // namespace

void write_walk(JsonWriter& json, const model::MonitorReading& reading) {
  if (!reading.walk) {
    return;
  }
  const model::MonitorWalk& walk = *reading.walk;
  json.object<"sockets">();
  json.milliseconds<"age_ms">(reading.boot_time - walk.boot_time);
  json.milliseconds<"took_ms">(walk.took);
  json.milliseconds<"cpu_ms">(walk.cpu);
  if (walk.owners_time.count() != 0) {
    json.milliseconds<"owners_age_ms">(reading.boot_time - walk.owners_time);
  }
  json.word<"source">(model::socket_source_name(walk.source));
  json.flag<"interrupted">(walk.interrupted);
  json.number_unless_zero<"unread_namespaces">(walk.unread_namespaces.size());
  json.number_unless_zero<"unread_processes">(walk.unread_processes);
  json.flag<"owners_unreadable">(walk.owners_unreadable);
  json.number_unless_zero<"undecodable">(walk.undecodable);
  json.number<"total">(walk.census.sockets);
  write_states(json, walk.census.states);
  write_rows<"peers">(json, walk.census.peers, kRows);
  write_rows<"local_ports">(json, walk.census.local_ports, kRows);
  write_rows<"processes">(json, walk.census.processes, kRows);
  write_rows<"listeners">(json, walk.census.listeners, kRows);
  write_rows<"port_use">(json, walk.census.port_use, kRows);
  write_round_trips(json, walk.census);
  json.close_object();
}

}  // namespace tcptrace::output
