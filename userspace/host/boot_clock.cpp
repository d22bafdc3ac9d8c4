// SPDX-License-Identifier: GPL-2.0
#include "host/boot_clock.h"

#include <ctime>

#include "base/clock.h"

namespace tcptrace::host {

std::chrono::nanoseconds boot_to_wall() {
  return std::chrono::system_clock::now().time_since_epoch() - boot_time();
}

std::chrono::seconds local_utc_offset(std::chrono::seconds wall) {
  const time_t seconds = wall.count();
  tm local{};
  return ::localtime_r(&seconds, &local) == nullptr ? std::chrono::seconds(0)
                                                    : std::chrono::seconds(local.tm_gmtoff);
}

}  // namespace tcptrace::host
