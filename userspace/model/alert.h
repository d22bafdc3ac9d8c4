// SPDX-License-Identifier: GPL-2.0
// A threshold that was crossed, and what became of it. Plain data.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace tcptrace::model {

enum class AlertKind : std::uint8_t {
  kMaxConnections,
  kTimeWait,
  kConnectionRate,
  kErrorRate,
  kPortUse,
  kListenerBacklog,
};
inline constexpr std::size_t kAlertKinds = 6;

enum class AlertLevel : std::uint8_t { kWarning, kCritical };

// What just happened to it.
enum class AlertState : std::uint8_t { kRaised, kEscalated, kCleared };

struct Alert {
  std::chrono::nanoseconds boot_time{};  // CLOCK_BOOTTIME of the change
  AlertKind kind = AlertKind::kMaxConnections;
  AlertState state = AlertState::kRaised;
  AlertLevel level = AlertLevel::kWarning;  // the highest it has had
  std::string subject;                      // "host", "0.0.0.0:80", "10.0.0.5 -> 10.0.0.9:5432"
  double value = 0;
  double threshold = 0;              // of the warning
  double critical = 0;               // the other one
  double peak = 0;                   // since it was raised
  std::chrono::nanoseconds since{};  // when the threshold was first crossed
};

// As in the configuration: "max_connections", "port_use" …
[[nodiscard]] std::string_view alert_kind_name(AlertKind kind);
[[nodiscard]] std::string_view alert_level_name(AlertLevel level);  // "warning", "critical"
[[nodiscard]] std::string_view alert_state_name(AlertState state);  // "raised" …
// What its value counts: "connections", "sockets", "connections/s", "%".
[[nodiscard]] std::string_view alert_unit(AlertKind kind);

}  // namespace tcptrace::model
