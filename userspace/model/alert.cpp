// SPDX-License-Identifier: GPL-2.0
#include "model/alert.h"

namespace tcptrace::model {

std::string_view alert_kind_name(AlertKind kind) {
  switch (kind) {
    case AlertKind::kMaxConnections:
      return "max_connections";
    case AlertKind::kTimeWait:
      return "time_wait";
    case AlertKind::kConnectionRate:
      return "connection_rate";
    case AlertKind::kErrorRate:
      return "error_rate";
    case AlertKind::kPortUse:
      return "port_use";
    case AlertKind::kListenerBacklog:
      return "listener_backlog";
  }
  return {};
}

std::string_view alert_level_name(AlertLevel level) {
  switch (level) {
    case AlertLevel::kWarning:
      return "warning";
    case AlertLevel::kCritical:
      return "critical";
  }
  return {};
}

std::string_view alert_state_name(AlertState state) {
  switch (state) {
    case AlertState::kRaised:
      return "raised";
    case AlertState::kEscalated:
      return "escalated";
    case AlertState::kCleared:
      return "cleared";
  }
  return {};
}

std::string_view alert_unit(AlertKind kind) {
  switch (kind) {
    case AlertKind::kMaxConnections:
      return "connections";
    case AlertKind::kTimeWait:
      return "sockets";
    case AlertKind::kConnectionRate:
      return "connections/s";
    case AlertKind::kErrorRate:
    case AlertKind::kPortUse:
    case AlertKind::kListenerBacklog:
      return "%";
  }
  return {};
}

}  // namespace tcptrace::model
