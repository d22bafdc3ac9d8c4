// SPDX-License-Identifier: GPL-2.0
// Settings that are wrong on any host. `analyze` finds them, `tune` puts them back: by one rule,
// for one reason.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "model/finding.h"
#include "model/host_facts.h"

namespace tcptrace::model {

struct HarmfulSetting {
  FindingId id;
  FindingLevel level;
  std::string_view name;
  bool (*harmful)(std::uint64_t value);
  std::string_view usual;   // the kernel's default
  std::string_view why;     // a clause
  std::string_view advice;  // begins with the default
};

[[nodiscard]] std::span<const HarmfulSetting> harmful_settings();
// Null: it is none of them, or its value does no harm.
[[nodiscard]] const HarmfulSetting* harmful_setting(const Sysctls& sysctls, std::string_view name);

// Of net.ipv4.tcp_retries2: 100 s, which RFC 1122, 4.2.3.5 asks for.
inline constexpr std::uint64_t kFewestRetries2 = 8;

// Connection tracking that forgets an idle connection before a keep-alive probe could remind it.
struct ForgetfulConntrack {
  std::uint64_t timeout_s = 0;    // net.netfilter.nf_conntrack_tcp_timeout_established
  std::uint64_t keepalive_s = 0;  // net.ipv4.tcp_keepalive_time
};
inline constexpr std::string_view kForgetfulConntrackWhy =
    "what comes after a longer silence is in no known connection: with NAT or a stateful firewall "
    "it is dropped or reset";
// Empty: it does not, or it tracks nothing here.
[[nodiscard]] std::optional<ForgetfulConntrack> forgetful_conntrack(const NetnsFacts& netns);

}  // namespace tcptrace::model
