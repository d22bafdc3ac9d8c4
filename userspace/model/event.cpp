// SPDX-License-Identifier: GPL-2.0
// The names of event.h's values: stable, they are JSON values. A number out of range, which corrupt
// input can carry, gets "unknown".
#include "model/event.h"

#include <cstring>

#include "model/tcp_flags.h"

namespace tcptrace::model {

std::string_view role_name(Role role) {
  switch (role) {
    case Role::kUnknown:
      return "unknown";
    case Role::kClient:
      return "client";
    case Role::kServer:
      return "server";
    case Role::kListener:
      return "listener";
  }
  return "unknown";
}

std::string_view family_name(Family family) {
  switch (family) {
    case Family::kIpv4:
      return "ipv4";
    case Family::kIpv6:
      return "ipv6";
  }
  return "unknown";
}

std::string_view owner_source_name(OwnerSource source) {
  switch (source) {
    case OwnerSource::kNone:
      return "none";
    case OwnerSource::kAccept:
      return "accept";
    case OwnerSource::kConnect:
      return "connect";
    case OwnerSource::kOperation:
      return "operation";
    case OwnerSource::kSeed:
      return "seed";
    case OwnerSource::kListener:
      return "listener";
    case OwnerSource::kClosed:
      return "closed";
  }
  return "unknown";
}

std::string_view retransmit_type_name(RetransmitType type) {
  switch (type) {
    case RetransmitType::kUnknown:
      return "unknown";
    case RetransmitType::kRto:
      return "rto";
    case RetransmitType::kFast:
      return "fast";
    case RetransmitType::kTlp:
      return "tlp";
    case RetransmitType::kSyn:
      return "syn";
    case RetransmitType::kSynAck:
      return "synack";
    case RetransmitType::kSlowStart:
      return "slow_start";
  }
  return "unknown";
}

std::string_view reset_origin_name(ResetOrigin origin) {
  switch (origin) {
    case ResetOrigin::kUnknown:
      return "unknown";
    case ResetOrigin::kActive:
      return "active";
    case ResetOrigin::kReply:
      return "reply";
    case ResetOrigin::kNetfilter:
      return "netfilter";
  }
  return "unknown";
}

std::string_view event_type_name(EventKind kind) {
  switch (kind) {
    case EventKind::kState:
      return "state";
    case EventKind::kConnect:
      return "connect";
    case EventKind::kAccept:
      return "accept";
    case EventKind::kClose:
      return "close";
    case EventKind::kRetransmit:
      return "retransmit";
    case EventKind::kResetSent:
    case EventKind::kResetReceived:
      return "reset";
  }
  return "unknown";
}

bool describes_connection(const Event& event) {
  // A SYN-ACK is sent for a request that has no socket yet: the info is the listener's.
  return event.info.has_value() && event.socket_state != TcpState::kListen &&
         event.connection.role != Role::kListener &&
         event.retransmit_type != RetransmitType::kSynAck;
}

bool was_open(const Event& event) {
  return describes_connection(event) && event.connection.state != TcpState::kSynSent &&
         event.connection.old_state != TcpState::kSynSent;
}

bool same_ends(const Connection& a, const Connection& b) {
  return a.netns == b.netns && a.family == b.family && a.local_port == b.local_port &&
         a.peer_port == b.peer_port && a.local == b.local && a.peer == b.peer;
}

bool answers_syn(const Event& event) {
  return event.trigger_flags != 0 ? (event.trigger_flags & kSyn) != 0
                                  : (event.rst_flags & kAck) != 0;
}

bool answers_stranger(const Event& event) {
  return event.origin == ResetOrigin::kReply && !answers_syn(event) &&
         (event.socket_state == TcpState::kUnknown || event.socket_state == TcpState::kListen);
}

bool is_echo(const Event& event) {
  return event.earlier && event.verdict && event.verdict->cause == event.earlier->cause;
}

std::string_view errno_name(std::uint32_t err) {
  // glibc 2.32 and later; a static string, for any number in any locale.
  const char* name = ::strerrorname_np(static_cast<int>(err));
  if (err == 0 || name == nullptr) {
    return {};
  }
  return name;
}

}  // namespace tcptrace::model
