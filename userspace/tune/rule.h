// SPDX-License-Identifier: GPL-2.0
// A rule is a row: a setting, what judges it, where that can be read up. Private to tune/.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/tune.h"
#include "tune/view.h"

namespace tcptrace::tune {

struct Opinion {
  std::string proposed{};  // empty: it stays
  model::TuneBasis basis = model::TuneBasis::kEvidence;
  std::vector<std::string> evidence{};
  std::string reason{};  // why it should change, or why it stays
  std::string risk{};
};

[[nodiscard]] inline Opinion stays(std::string reason) { return {.reason = std::move(reason)}; }

struct Rule {
  std::string_view name;
  Opinion (*judge)(const View& view);
  std::string_view source;
  bool optional = false;  // that a kernel does not have it is not worth a word
};

[[nodiscard]] std::span<const Rule> listen_rules();
[[nodiscard]] std::span<const Rule> timer_rules();
[[nodiscard]] std::span<const Rule> buffer_rules();
[[nodiscard]] std::span<const Rule> path_rules();
[[nodiscard]] std::span<const Rule> port_rules();
[[nodiscard]] std::span<const Rule> conntrack_rules();

inline constexpr std::string_view kIpSysctl = "Documentation/networking/ip-sysctl.rst";
inline constexpr std::string_view kConntrackSysctl =
    "Documentation/networking/nf_conntrack-sysctl.rst";

}  // namespace tcptrace::tune
