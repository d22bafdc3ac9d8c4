// SPDX-License-Identifier: GPL-2.0
// The parts of findings.h, and what they share. Private to monitor/.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/core.h>

#include "base/text.h"
#include "model/socket_census.h"
#include "monitor/findings.h"

namespace tcptrace::monitor {

using model::Finding;
using model::FindingId;
using model::FindingLevel;
using Findings = std::vector<Finding>;

void find_in_sockets(const FindingInput& input, Findings& findings);
void find_in_counters(const FindingInput& input, Findings& findings);
void find_in_host(const FindingInput& input, Findings& findings);
void find_in_settings(const FindingInput& input, Findings& findings);

// From which share on a level begins; beyond 1 it never does.
struct Levels {
  double info = 2;
  double warning = 2;
  double critical = 2;

  [[nodiscard]] std::optional<FindingLevel> of(double share) const {
    if (share >= critical) {
      return FindingLevel::kCritical;
    }
    if (share >= warning) {
      return FindingLevel::kWarning;
    }
    return share >= info ? std::optional(FindingLevel::kInfo) : std::nullopt;
  }
};

[[nodiscard]] inline double share_of(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

// "80 %", "0.12 %"
[[nodiscard]] inline std::string percent_text(double share) {
  return share >= 0.1 ? fmt::format("{:.0f} %", 100 * share) : fmt::format("{:.2g} %", 100 * share);
}

// Null: not among them.
[[nodiscard]] inline const model::NetnsFacts* netns_in(const model::HostFacts& facts,
                                                       std::uint32_t inode) {
  for (const model::NetnsFacts& netns : facts.namespaces) {
    if (netns.inode == inode) {
      return &netns;
    }
  }
  return nullptr;
}

// What was counted meanwhile, or all of it. A counter that went backwards is another's.
struct Count {
  std::uint64_t value = 0;
  bool recent = false;
};
[[nodiscard]] inline Count count_since(std::uint64_t now,
                                       const std::optional<std::uint64_t>& before) {
  return before && *before <= now ? Count{.value = now - *before, .recent = true}
                                  : Count{.value = now};
}

}  // namespace tcptrace::monitor
