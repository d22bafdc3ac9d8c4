// SPDX-License-Identifier: GPL-2.0
#include "host/boot_clock.h"

#include <ctime>

namespace tcptrace::host {
namespace {

std::chrono::nanoseconds read_clock(clockid_t clock) {
  timespec now{};
  ::clock_gettime(clock, &now);
  return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
}

}  // namespace

std::chrono::nanoseconds boot_time() { return read_clock(CLOCK_BOOTTIME); }

std::chrono::nanoseconds boot_to_wall() {
  return read_clock(CLOCK_REALTIME) - read_clock(CLOCK_BOOTTIME);
}

std::chrono::seconds local_utc_offset(std::chrono::seconds wall) {
  const time_t seconds = wall.count();
  tm local{};
  return ::localtime_r(&seconds, &local) == nullptr ? std::chrono::seconds(0)
                                                    : std::chrono::seconds(local.tm_gmtoff);
}

}  // namespace tcptrace::host
