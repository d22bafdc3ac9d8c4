// SPDX-License-Identifier: GPL-2.0
// What an event says of the two that it is between, and of the time before it.
#include "model/patterns.h"

#include <algorithm>

namespace tcptrace::model {
namespace {

using std::chrono::milliseconds;

// A port without a socket that was asked for is a server's too.
bool is_server(const Event& event) {
  const Role role = event.connection.role;
  const bool refuses = event.kind == EventKind::kResetSent && event.verdict &&
                       event.verdict->cause == Cause::kConnectionRefused;
  return role == Role::kServer || role == Role::kListener || refuses;
}

}  // namespace

Party party_of(const Event& event) {
  const Connection& connection = event.connection;
  return {.comm = event.owner ? std::string(event.owner->comm_view()) : std::string(),
          .family = connection.family,
          .peer = connection.peer,
          .port = is_server(event) ? connection.local_port : connection.peer_port};
}

std::optional<milliseconds> idle_before_end(const Event& event) {
  if (event.closing) {
    return event.closing->idle;
  }
  if (!was_open(event)) {
    return std::nullopt;
  }
  const milliseconds sent(event.info->last_data_sent_ms);
  const milliseconds received(event.info->last_data_recv_ms);
  return event.info->unacked > 0 && received > sent ? received - sent : std::min(sent, received);
}

}  // namespace tcptrace::model
