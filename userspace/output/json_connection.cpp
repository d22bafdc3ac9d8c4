// SPDX-License-Identifier: GPL-2.0
// The two ends of a connection and its process as JSON: alike in every record.
#include "output/json_record.h"

namespace tcptrace::output {

void open_connection(JsonWriter& json, const model::Connection& connection) {
  json.object<"connection">();
  json.number_unless_zero<"cookie">(connection.cookie);
  json.flag<"synthetic_cookie">(connection.synthetic_cookie);
  json.number_unless_zero<"netns">(connection.netns);
  json.word<"family">(model::family_name(connection.family));
  json.flag<"v4_mapped">(connection.v4_mapped);
  write_address_field<"local">(json, connection.family, connection.local);
  json.number<"local_port">(connection.local_port);
  write_address_field<"peer">(json, connection.family, connection.peer);
  json.number<"peer_port">(connection.peer_port);
  if (connection.role != model::Role::kUnknown) {
    json.word<"role">(model::role_name(connection.role));
  }
  if (connection.state != model::TcpState::kUnknown) {
    json.word<"state">(model::state_name(connection.state));
  }
  if (connection.old_state != model::TcpState::kUnknown) {
    json.word<"old_state">(model::state_name(connection.old_state));
  }
  if (connection.age.has_value()) {
    json.milliseconds<"age_ms">(*connection.age);
    json.flag<"age_is_lower_bound">(connection.age_is_lower_bound);
  }
}

void write_task(JsonWriter& json, const model::Process& process) {
  json.number_unless_zero<"pid">(process.pid);
  if (process.tid != process.pid) {
    json.number_unless_zero<"tid">(process.tid);
  }
  json.string<"comm">(process.comm_view());
  json.number<"uid">(process.uid);
}

void write_process(JsonWriter& json, const model::Process& process) {
  json.object<"process">();
  write_task(json, process);
  if (process.cgroup != nullptr) {
    json.string_unless_empty<"cgroup">(process.cgroup->path);
    json.string_unless_empty<"container">(process.cgroup->container);
    json.string_unless_empty<"container_runtime">(process.cgroup->runtime);
  }
  json.number_unless_zero<"cgroup_id">(process.cgroup_id);
  if (process.source != model::OwnerSource::kNone) {
    json.word<"source">(model::owner_source_name(process.source));
  }
  json.close_object();
}

}  // namespace tcptrace::output
