// SPDX-License-Identifier: GPL-2.0
#include "base/clock.h"

#include <ctime>

namespace tcptrace {
namespace {

std::chrono::nanoseconds read_clock(clockid_t clock) {
  timespec now{};
  ::clock_gettime(clock, &now);
  return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
}

}  // namespace

std::chrono::nanoseconds boot_time() { return read_clock(CLOCK_BOOTTIME); }

std::chrono::nanoseconds processor_time() { return read_clock(CLOCK_PROCESS_CPUTIME_ID); }

}  // namespace tcptrace
