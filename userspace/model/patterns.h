// SPDX-License-Identifier: GPL-2.0
// What many records have in common. Plain data; times are CLOCK_BOOTTIME.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/event.h"
#include "model/verdict.h"

namespace tcptrace::model {

// Who talks to whom: a process of this host, and the server's port on either side.
struct Party {
  std::string comm;  // empty: not known
  Family family = Family::kIpv4;
  Address peer;
  std::uint16_t port = 0;
  friend auto operator<=>(const Party&, const Party&) = default;
};

// Of the connection of an event that has its verdict, if there is one for it.
[[nodiscard]] Party party_of(const Event& event);

// How long a connection had carried no data when its end began: at this side's close, or when this
// side sent what was answered with a reset. Empty: not known, or it was never open.
[[nodiscard]] std::optional<std::chrono::milliseconds> idle_before_end(const Event& event);

// How often one cause came between the same two.
struct CauseGroup {
  Cause cause = Cause::kUnknown;
  Party party;
  Confidence confidence = Confidence::kUnknown;  // the best of them
  std::uint64_t count = 0;
  std::chrono::nanoseconds first{};
  std::chrono::nanoseconds last{};
  std::string_view advice;
};

// The connections with one peer end after the same time without data: a timeout there, or on the
// way.
struct IdleCluster {
  Cause cause = Cause::kUnknown;
  Party party;
  std::chrono::milliseconds idle{};  // the median of those in the cluster
  std::uint64_t count = 0;           // of them
  std::uint64_t of = 0;              // ends whose idle time is known
};

// One process whose connects to one peer fail again and again.
struct RetryStorm {
  Party party;
  std::uint32_t pid = 0;
  std::uint64_t count = 0;
  double per_second = 0;
  bool backs_off = false;  // it waits longer each time
};

// One process that opens and closes short connections to one peer all the time.
struct Churn {
  Party party;
  std::uint32_t pid = 0;
  std::uint64_t count = 0;
  double per_second = 0;
  std::chrono::milliseconds age{};  // the median
};

// Each list has what weighs most first.
struct Patterns {
  std::vector<CauseGroup> causes;
  std::vector<IdleCluster> idle_clusters;
  std::vector<RetryStorm> retry_storms;
  std::vector<Churn> churn;
  std::uint64_t ungrouped = 0;  // verdicts for which there was no room
};

}  // namespace tcptrace::model
