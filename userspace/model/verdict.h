// SPDX-License-Identifier: GPL-2.0
// Why a connection broke, in one word, one sentence and what proves it.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tcptrace::model {

// The catalogue. The names that cause_name() gives are stable: JSON values and labels.
enum class Cause : std::uint8_t {
  kUnknown,  // the evidence does not tell
  kConnectionRefused,
  kAcceptQueueOverflow,
  kCloseWithUnreadData,
  kAbortiveClose,
  kProcessExit,
  kKeepaliveRace,
  kDataAfterClose,
  kStaleConnectionReuse,
  kShutdownThenData,
  kLinger2Expired,
  kOrphanLimit,
  kKeepaliveTimeout,
  kUserTimeout,
  kRetransmissionTimeout,
  kConnectTimeout,
  kConnectAbandoned,
  kHandshakeTimeout,
  kZeroWindowTimeout,
  kLocalSendFailure,
  kPeerAborted,
  kPeerLostConnection,
  kUnknownConnection,
  kIdleTimeoutMiddlebox,
  kInjectedReset,
  kFirewallReject,
  kConntrackLost,
  kUnreachable,
  kAdminAbort,
  kListenerClosed,
  kDisconnect,
  kTimeWaitCollision,
  kBadHandshake,
  kMptcpReset,
  kAuthenticationMismatch,
};
inline constexpr std::size_t kCauses = 35;

enum class Confidence : std::uint8_t {
  kUnknown,
  kPossible,  // one of several explanations
  kLikely,    // the one that fits best
  kCertain,   // the kernel's own state proves it
};

struct Verdict {
  Cause cause = Cause::kUnknown;
  Confidence confidence = Confidence::kUnknown;
  std::string summary{};                // one sentence with the numbers of this case
  std::vector<std::string> evidence{};  // facts: "unread_bytes=900", "kernel_reason=…"
  std::string_view advice{};            // what to change; outlives the verdict, may be empty
};

[[nodiscard]] std::string_view cause_name(Cause cause);  // "close_with_unread_data"
[[nodiscard]] std::optional<Cause> cause_from_name(std::string_view name);
[[nodiscard]] std::string_view confidence_name(Confidence confidence);  // "certain"

}  // namespace tcptrace::model
