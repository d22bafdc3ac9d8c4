// SPDX-License-Identifier: GPL-2.0
#include "base/clock.h"

#include <ctime>

namespace tcptrace {

std::chrono::nanoseconds boot_time() {
  timespec now{};
  ::clock_gettime(CLOCK_BOOTTIME, &now);
  return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
}

}  // namespace tcptrace
