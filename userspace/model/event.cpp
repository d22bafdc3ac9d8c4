// SPDX-License-Identifier: GPL-2.0
// The names of event.h's values: stable, they are JSON values. A number out of range, which corrupt
// input can carry, gets "unknown".
#include "model/event.h"

#include <cstring>

namespace tcptrace::model {

std::string_view state_name(TcpState state) {
  switch (state) {
    case TcpState::kUnknown:
      return "UNKNOWN";
    case TcpState::kEstablished:
      return "ESTABLISHED";
    case TcpState::kSynSent:
      return "SYN_SENT";
    case TcpState::kSynRecv:
      return "SYN_RECV";
    case TcpState::kFinWait1:
      return "FIN_WAIT1";
    case TcpState::kFinWait2:
      return "FIN_WAIT2";
    case TcpState::kTimeWait:
      return "TIME_WAIT";
    case TcpState::kClose:
      return "CLOSE";
    case TcpState::kCloseWait:
      return "CLOSE_WAIT";
    case TcpState::kLastAck:
      return "LAST_ACK";
    case TcpState::kListen:
      return "LISTEN";
    case TcpState::kClosing:
      return "CLOSING";
    case TcpState::kNewSynRecv:
      return "NEW_SYN_RECV";
  }
  return "UNKNOWN";
}

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

std::string_view errno_name(std::uint32_t err) {
  // glibc 2.32 and later; a static string, for any number in any locale.
  const char* name = ::strerrorname_np(static_cast<int>(err));
  if (err == 0 || name == nullptr) {
    return {};
  }
  return name;
}

}  // namespace tcptrace::model
