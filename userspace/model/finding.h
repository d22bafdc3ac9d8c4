// SPDX-License-Identifier: GPL-2.0
// What an analysis finds wrong with a host. Plain data; the names are stable API: JSON values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tcptrace::model {

enum class FindingLevel : std::uint8_t { kInfo, kWarning, kCritical };
[[nodiscard]] std::string_view finding_level_name(FindingLevel level);  // "warning"

enum class FindingId : std::uint8_t {
  // Of sockets.
  kListenerQueueFull,
  kListenerQueueFilling,
  kSynQueueFilling,
  kCloseWaitLeak,
  kLocalPortsShort,
  // Of the kernel's counters.
  kListenOverflows,
  kListenDrops,
  kSynCookies,
  kSynQueueDrops,
  kRetransmissions,
  kSynRetransmissions,
  kAttemptFails,
  kResetsSent,
  kTimeouts,
  kClosedWithUnreadData,
  kAbortedByClose,
  kAbortedOnMemory,
  kBacklogDrops,
  kReceivePruned,
  kTimeWaitOverflow,
  // Of the host.
  kTimeWaitLimit,
  kTcpMemory,
  kOrphans,
  kInterfaceErrors,
  kInterfaceDrops,
  kSoftnetDrops,
  kSoftnetSqueezed,
  kConntrackFull,
  kConntrackDrops,
  // Of its settings.
  kTwRecycle,
  kSyncookiesOff,
  kSackOff,
  kWindowScalingOff,
  kTimestampsOff,
  kAbortOnOverflow,
  kFewRetries,
  kFewLocalPorts,
  kConntrackBeforeKeepalive,
};
inline constexpr std::size_t kFindingIds =
    static_cast<std::size_t>(FindingId::kConntrackBeforeKeepalive) + 1;
[[nodiscard]] std::string_view finding_name(FindingId id);  // "close_wait_leak"

struct Finding {
  FindingId id{};
  FindingLevel level = FindingLevel::kInfo;
  std::uint32_t netns = 0;   // inode number; 0: of the whole host
  std::string subject{};     // "pid 812 (api) <- 10.0.0.9:443", "eth0"; empty: the namespace
  std::uint64_t number = 0;  // what was counted
  std::optional<std::uint64_t> limit{};  // what bounds it
  std::optional<double> percent{};       // of that bound, or of what it is a part
  std::string summary{};                 // one clause with its numbers
  std::string_view why{};                // it matters
  std::string_view advice{};
};

}  // namespace tcptrace::model
