// SPDX-License-Identifier: GPL-2.0
#include "model/harmful_settings.h"

#include <algorithm>
#include <array>

#include "model/sysctls.h"

namespace tcptrace::model {
namespace {

bool off(std::uint64_t value) { return value == 0; }
bool on(std::uint64_t value) { return value != 0; }
bool few_retries(std::uint64_t value) { return value < kFewestRetries2; }

constexpr auto kSettings = std::to_array<HarmfulSetting>({
    // Commit 4396e46187ca.
    {FindingId::kTwRecycle, FindingLevel::kCritical, "net.ipv4.tcp_tw_recycle", on, "0",
     "SYNs of clients that share an address (NAT) are dropped when their clocks differ, for which "
     "it was removed from the kernel (v4.12)",
     "set it to 0"},
    {FindingId::kSyncookiesOff, FindingLevel::kWarning, "net.ipv4.tcp_syncookies", off, "1",
     "when a SYN queue is full every new connection is dropped: a burst or a small flood is enough",
     "set it to 1: cookies are sent only then"},
    {FindingId::kSackOff, FindingLevel::kWarning, "net.ipv4.tcp_sack", off, "1",
     "of several segments lost in one round trip only one can be sent again (RFC 2018)",
     "set it to 1; what it was switched off for in 2019 (CVE-2019-11477) is fixed"},
    {FindingId::kWindowScalingOff, FindingLevel::kWarning, "net.ipv4.tcp_window_scaling", off, "1",
     "no connection has more than 64 KiB on its way (RFC 7323): 5 Mbit/s at a round trip of 100 ms",
     "set it to 1"},
    {FindingId::kTimestampsOff, FindingLevel::kInfo, "net.ipv4.tcp_timestamps", off, "1",
     "no tcp_tw_reuse, no protection of sequence numbers that wrap (RFC 7323, 5), coarser round "
     "trips",
     "set it to 1: offsets by connection do not reveal the uptime (v4.10)"},
    // tcp_check_req()
    {FindingId::kAbortOnOverflow, FindingLevel::kInfo, "net.ipv4.tcp_abort_on_overflow", on, "0",
     "a burst that fills a listener's queue resets clients that would have waited a second",
     "set it to 0, unless clients have to fail at once"},
    {FindingId::kFewRetries, FindingLevel::kWarning, "net.ipv4.tcp_retries2", few_retries, "15",
     "connections are given up after less than the 100 s that RFC 1122 asks for: an outage of "
     "seconds breaks them",
     "set it to 15, or to 8 at least, and use TCP_USER_TIMEOUT where less is wanted"},
});

}  // namespace

std::span<const HarmfulSetting> harmful_settings() { return kSettings; }

const HarmfulSetting* harmful_setting(const Sysctls& sysctls, std::string_view name) {
  const auto setting = std::ranges::find(kSettings, name, &HarmfulSetting::name);
  const auto value = sysctl_number(sysctls, name);
  return setting != kSettings.end() && value && setting->harmful(*value) ? &*setting : nullptr;
}

std::optional<ForgetfulConntrack> forgetful_conntrack(const NetnsFacts& netns) {
  const auto keepalive = sysctl_number(netns.sysctls, "net.ipv4.tcp_keepalive_time");
  const auto timeout =
      sysctl_number(netns.sysctls, "net.netfilter.nf_conntrack_tcp_timeout_established");
  const bool tracks = netns.conntrack && netns.conntrack->count != 0;
  if (!tracks || !keepalive || !timeout || *timeout == 0 || *keepalive < *timeout) {
    return std::nullopt;
  }
  return ForgetfulConntrack{.timeout_s = *timeout, .keepalive_s = *keepalive};
}

}  // namespace tcptrace::model
