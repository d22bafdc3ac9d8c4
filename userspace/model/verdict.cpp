// SPDX-License-Identifier: GPL-2.0
#include "model/verdict.h"

#include <algorithm>

namespace tcptrace::model {
namespace {

// By Cause.
constexpr std::array<std::string_view, kCauses> kCauseNames = {
    "unknown",
    "connection_refused",
    "accept_queue_overflow",
    "close_with_unread_data",
    "abortive_close",
    "process_exit",
    "keepalive_race",
    "data_after_close",
    "stale_connection_reuse",
    "shutdown_then_data",
    "linger2_expired",
    "orphan_limit",
    "keepalive_timeout",
    "user_timeout",
    "retransmission_timeout",
    "connect_timeout",
    "connect_abandoned",
    "handshake_timeout",
    "zero_window_timeout",
    "local_send_failure",
    "peer_aborted",
    "peer_lost_connection",
    "unknown_connection",
    "idle_timeout_middlebox",
    "injected_reset",
    "firewall_reject",
    "conntrack_lost",
    "unreachable",
    "admin_abort",
    "listener_closed",
    "disconnect",
    "time_wait_collision",
    "bad_handshake",
    "mptcp_reset",
    "authentication_mismatch",
};
static_assert(kCauseNames.back() == "authentication_mismatch");

}  // namespace

std::string_view cause_name(Cause cause) {
  const auto index = static_cast<std::size_t>(cause);
  return index < kCauses ? kCauseNames[index] : kCauseNames[0];
}

std::optional<Cause> cause_from_name(std::string_view name) {
  const auto found = std::ranges::find(kCauseNames, name);
  if (found == kCauseNames.end()) {
    return std::nullopt;
  }
  return static_cast<Cause>(found - kCauseNames.begin());
}

std::string_view confidence_name(Confidence confidence) {
  switch (confidence) {
    case Confidence::kUnknown:
      return "unknown";
    case Confidence::kPossible:
      return "possible";
    case Confidence::kLikely:
      return "likely";
    case Confidence::kCertain:
      return "certain";
  }
  return "unknown";
}

}  // namespace tcptrace::model
