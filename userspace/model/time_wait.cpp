// SPDX-License-Identifier: GPL-2.0
#include "model/time_wait.h"

#include <algorithm>
#include <array>
#include <span>

#include "model/sysctls.h"

namespace tcptrace::model {
namespace {

constexpr std::uint64_t kDefaultReuse = 2;  // since v4.19

constexpr Address kIpv6Loopback{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}};
constexpr std::array<std::uint8_t, 13> kMappedLoopback{0, 0, 0, 0,    0,    0,  0,
                                                       0, 0, 0, 0xff, 0xff, 127};

bool is_loopback(Family family, const Address& address) {
  return family == Family::kIpv4
             ? address.bytes[0] == 127
             : address == kIpv6Loopback ||
                   std::ranges::equal(kMappedLoopback, std::span(address.bytes).first<13>());
}

}  // namespace

TimeWaitReuse time_wait_reuse(std::uint64_t tw_reuse, bool timestamps) {
  if (!timestamps || tw_reuse == 0) {
    return TimeWaitReuse::kNever;
  }
  return tw_reuse == 2 ? TimeWaitReuse::kLoopback : TimeWaitReuse::kAlways;
}

TimeWaitReuse time_wait_reuse(const Sysctls& sysctls) {
  return time_wait_reuse(sysctl_number(sysctls, "net.ipv4.tcp_tw_reuse").value_or(kDefaultReuse),
                         sysctl_number(sysctls, "net.ipv4.tcp_timestamps").value_or(1) != 0);
}

bool reuses_time_wait(TimeWaitReuse reuse, const PortUse& use) {
  switch (reuse) {
    case TimeWaitReuse::kNever:
      return false;
    case TimeWaitReuse::kLoopback:
      return is_loopback(use.family, use.local) || is_loopback(use.family, use.peer);
    case TimeWaitReuse::kAlways:
      break;
  }
  return true;
}

}  // namespace tcptrace::model
