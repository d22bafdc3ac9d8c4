// SPDX-License-Identifier: GPL-2.0
#include "report/json_event.h"

#include <algorithm>
#include <cerrno>
#include <memory>
#include <string>

#include "model/ca_state.h"

namespace tcptrace::report {
namespace {

using model::Event;
using model::EventKind;
using std::chrono::nanoseconds;

// More than ConnectionTable keeps of a connection: what comes from outside is held within bounds.
constexpr std::size_t kMostSamples = 240;
constexpr std::size_t kMostEvidence = 64;

std::optional<EventKind> kind_of(const Json& record) {
  const std::string_view type = text(record, "type");
  if (type == "reset") {
    const Json* reset = member(record, "reset");
    return reset != nullptr && text(*reset, "direction") == "received" ? EventKind::kResetReceived
                                                                       : EventKind::kResetSent;
  }
  return from_name<EventKind>(type, model::event_type_name);
}

// "ECONNRESET", or a number.
std::uint32_t errno_of(const Json& object) {
  const std::string_view name = text(object, "errno");
  constexpr std::uint32_t kMostErrno = 134;
  for (std::uint32_t err = 1; !name.empty() && err < kMostErrno; ++err) {
    if (model::errno_name(err) == name) {
      return err;
    }
  }
  return name.empty() ? 0 : kMostErrno;
}

std::uint8_t ca_state_of(const Json& object) {
  constexpr std::uint8_t kOpen = 0;
  return from_name<std::uint8_t>(text(object, "ca_state"), model::ca_state_name).value_or(kOpen);
}

model::TcpState state_of(const Json& object, std::string_view key) {
  return from_name<model::TcpState>(text(object, key), model::state_name)
      .value_or(model::TcpState::kUnknown);
}

// What a report asks of it.
std::optional<model::TcpInfo> info_of(const Json& record) {
  const Json* object = member(record, "tcp_info");
  if (object == nullptr || !object->contains("snd_cwnd")) {
    return std::nullopt;
  }
  const auto field = [object](std::string_view key) {
    return number_or<std::uint32_t>(*object, key, 0);
  };
  model::TcpInfo info{};
  info.rtt_us = field("rtt_us");
  info.rttvar_us = field("rttvar_us");
  info.min_rtt_us = field("min_rtt_us");
  info.rto_us = field("rto_us");
  info.snd_cwnd = field("snd_cwnd");
  info.unacked = field("unacked");
  info.total_retrans = field("total_retrans");
  info.unread_bytes = field("unread_bytes");
  info.unsent_bytes = field("unsent_bytes");
  info.last_data_sent_ms = field("last_data_sent_ms");
  info.last_data_recv_ms = field("last_data_recv_ms");
  info.ca_state = ca_state_of(*object);
  info.retransmits = number_or<std::uint8_t>(*object, "retransmits", 0);
  info.lingertime_ms = -1;
  return info;
}

std::vector<model::Sample> history_of(const Json& record, nanoseconds at) {
  std::vector<model::Sample> history;
  const Json* samples = member(record, "history");
  if (samples == nullptr || !samples->is_array()) {
    return history;
  }
  for (const Json& object : *samples) {
    const auto before = milliseconds_of(object, "at_ms");
    if (!before || history.size() >= kMostSamples) {
      continue;
    }
    const auto field = [&object](std::string_view key) {
      return number_or<std::uint32_t>(object, key, 0);
    };
    history.push_back({.boot_time = at + *before,
                       .state = state_of(object, "state"),
                       .ca_state = ca_state_of(object),
                       .retransmits = number_or<std::uint8_t>(object, "retransmits", 0),
                       .rtt_us = field("rtt_us"),
                       .snd_cwnd = field("snd_cwnd"),
                       .unacked = field("unacked"),
                       .total_retrans = field("total_retrans"),
                       .unread_bytes = field("unread_bytes"),
                       .unsent_bytes = field("unsent_bytes")});
  }
  return history;
}

std::optional<model::Verdict> verdict_of(const Json& record, const KeepText& keep) {
  const Json* object = member(record, "verdict");
  if (object == nullptr) {
    return std::nullopt;
  }
  model::Verdict verdict{
      .cause = model::cause_from_name(text(*object, "cause")).value_or(model::Cause::kUnknown),
      .confidence =
          from_name<model::Confidence>(text(*object, "confidence"), model::confidence_name)
              .value_or(model::Confidence::kUnknown),
      .summary = std::string(text(*object, "summary")),
      .advice = keep(text(*object, "advice"))};
  const Json* evidence = member(*object, "evidence");
  if (evidence != nullptr && evidence->is_array()) {
    for (const Json& fact : *evidence) {
      if (fact.is_string() && verdict.evidence.size() < kMostEvidence) {
        verdict.evidence.emplace_back(within(fact.get_ref<const std::string&>()));
      }
    }
  }
  return verdict;
}

// What the facts of a verdict tell that nothing else in the record does: see diagnose/.
void take_earlier(Event& event) {
  constexpr std::string_view kFact = "earlier_cause=";
  if (!event.verdict) {
    return;
  }
  for (const std::string_view fact : event.verdict->evidence) {
    if (fact.starts_with(kFact)) {
      event.earlier = {
          .cause =
              model::cause_from_name(fact.substr(kFact.size())).value_or(model::Cause::kUnknown)};
    }
  }
}

void take_subject(Event& event, const Json& record) {
  const Json* subject = member(record, text(record, "type"));
  if (subject == nullptr) {
    return;
  }
  event.err = errno_of(*subject);
  event.abandoned = flag(*subject, "abandoned");
  event.reset_sent = flag(*subject, "reset_sent");
  event.reset_received = flag(*subject, "reset_received");
  event.origin = from_name<model::ResetOrigin>(text(*subject, "origin"), model::reset_origin_name)
                     .value_or(model::ResetOrigin::kUnknown);
  event.socket_state = state_of(*subject, "socket_state");
  event.retransmit_type =
      from_name<model::RetransmitType>(text(*subject, "kind"), model::retransmit_type_name)
          .value_or(model::RetransmitType::kUnknown);
  event.segs = number_or<std::uint32_t>(*subject, "segs", 0);
  const Json* closed = member(*subject, "closed");
  if (closed != nullptr) {
    event.closing = {
        .ago = milliseconds_of(*closed, "ago_ms").value_or(nanoseconds(0)),
        .idle = std::chrono::milliseconds(number_or<std::uint32_t>(*closed, "idle_before_ms", 0))};
  }
}

}  // namespace

std::optional<model::Connection> connection_of(const Json& object) {
  model::Connection connection;
  const auto family = from_name<model::Family>(text(object, "family"), model::family_name);
  if (!family) {
    return std::nullopt;
  }
  connection.family = *family;
  const auto local = parse_address(connection.family, text(object, "local"));
  const auto peer = parse_address(connection.family, text(object, "peer"));
  if (!local || !peer) {
    return std::nullopt;
  }
  connection.local = *local;
  connection.peer = *peer;
  connection.cookie = number_or<std::uint64_t>(object, "cookie", 0);
  connection.netns = number_or<std::uint32_t>(object, "netns", 0);
  connection.local_port = number_or<std::uint16_t>(object, "local_port", 0);
  connection.peer_port = number_or<std::uint16_t>(object, "peer_port", 0);
  connection.v4_mapped = flag(object, "v4_mapped");
  connection.role = from_name<model::Role>(text(object, "role"), model::role_name)
                        .value_or(model::Role::kUnknown);
  connection.state = state_of(object, "state");
  connection.old_state = state_of(object, "old_state");
  connection.age = milliseconds_of(object, "age_ms");
  connection.age_is_lower_bound = flag(object, "age_is_lower_bound");
  return connection;
}

std::optional<model::Process> process_of(const Json& record) {
  const Json* object = member(record, "process");
  if (object == nullptr) {
    return std::nullopt;
  }
  model::Process process;
  process.pid = number_or<std::uint32_t>(*object, "pid", 0);
  process.tid = number_or<std::uint32_t>(*object, "tid", process.pid);
  process.uid = number_or<std::uint32_t>(*object, "uid", 0);
  process.cgroup_id = number_or<std::uint64_t>(*object, "cgroup_id", 0);
  const std::string_view comm = text(*object, "comm");
  std::ranges::copy(comm.substr(0, process.comm.size() - 1), process.comm.begin());
  if (object->contains("cgroup") || object->contains("container")) {
    process.cgroup = std::make_shared<const model::Cgroup>(
        model::Cgroup{.path = std::string(text(*object, "cgroup")),
                      .container = std::string(text(*object, "container")),
                      .runtime = std::string(text(*object, "container_runtime"))});
  }
  return process;
}

std::optional<Event> event_of(const Json& record, const KeepText& keep) {
  const auto kind = kind_of(record);
  const auto at = parse_rfc3339(text(record, "time"));
  const Json* object = member(record, "connection");
  auto connection = object == nullptr ? std::nullopt : connection_of(*object);
  if (!kind || !at || !connection) {
    return std::nullopt;
  }
  Event event;
  event.kind = *kind;
  event.boot_time = *at;
  event.connection = *connection;
  event.no_socket = flag(*object, "no_socket");
  event.orphan = flag(*object, "orphan");
  event.owner = process_of(record);
  event.info = info_of(record);
  event.history = history_of(record, *at);
  event.verdict = verdict_of(record, keep);
  take_subject(event, record);
  take_earlier(event);
  return event;
}

}  // namespace tcptrace::report
