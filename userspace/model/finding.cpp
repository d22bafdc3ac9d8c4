// SPDX-License-Identifier: GPL-2.0
#include "model/finding.h"

namespace tcptrace::model {

std::string_view finding_level_name(FindingLevel level) {
  switch (level) {
    case FindingLevel::kInfo:
      return "info";
    case FindingLevel::kWarning:
      return "warning";
    case FindingLevel::kCritical:
      return "critical";
  }
  return {};
}

std::string_view finding_name(FindingId id) {
  switch (id) {
    case FindingId::kListenerQueueFull:
      return "listener_queue_full";
    case FindingId::kListenerQueueFilling:
      return "listener_queue_filling";
    case FindingId::kSynQueueFilling:
      return "syn_queue_filling";
    case FindingId::kCloseWaitLeak:
      return "close_wait_leak";
    case FindingId::kLocalPortsShort:
      return "local_ports_short";
    case FindingId::kListenOverflows:
      return "listen_overflows";
    case FindingId::kListenDrops:
      return "listen_drops";
    case FindingId::kSynCookies:
      return "syn_cookies";
    case FindingId::kSynQueueDrops:
      return "syn_queue_drops";
    case FindingId::kRetransmissions:
      return "retransmissions";
    case FindingId::kSynRetransmissions:
      return "syn_retransmissions";
    case FindingId::kAttemptFails:
      return "attempt_fails";
    case FindingId::kResetsSent:
      return "resets_sent";
    case FindingId::kTimeouts:
      return "timeouts";
    case FindingId::kClosedWithUnreadData:
      return "closed_with_unread_data";
    case FindingId::kAbortedByClose:
      return "aborted_by_close";
    case FindingId::kAbortedOnMemory:
      return "aborted_on_memory";
    case FindingId::kBacklogDrops:
      return "backlog_drops";
    case FindingId::kReceivePruned:
      return "receive_pruned";
    case FindingId::kTimeWaitOverflow:
      return "time_wait_overflow";
    case FindingId::kTimeWaitLimit:
      return "time_wait_limit";
    case FindingId::kTcpMemory:
      return "tcp_memory";
    case FindingId::kOrphans:
      return "orphans";
    case FindingId::kInterfaceErrors:
      return "interface_errors";
    case FindingId::kInterfaceDrops:
      return "interface_drops";
    case FindingId::kSoftnetDrops:
      return "softnet_drops";
    case FindingId::kSoftnetSqueezed:
      return "softnet_squeezed";
    case FindingId::kConntrackFull:
      return "conntrack_full";
    case FindingId::kConntrackDrops:
      return "conntrack_drops";
    case FindingId::kTwRecycle:
      return "tw_recycle";
    case FindingId::kSyncookiesOff:
      return "syncookies_off";
    case FindingId::kSackOff:
      return "sack_off";
    case FindingId::kWindowScalingOff:
      return "window_scaling_off";
    case FindingId::kTimestampsOff:
      return "timestamps_off";
    case FindingId::kAbortOnOverflow:
      return "abort_on_overflow";
    case FindingId::kFewRetries:
      return "few_retries";
    case FindingId::kFewLocalPorts:
      return "few_local_ports";
    case FindingId::kConntrackBeforeKeepalive:
      return "conntrack_before_keepalive";
  }
  return {};
}

}  // namespace tcptrace::model
