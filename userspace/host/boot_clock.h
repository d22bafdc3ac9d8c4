// SPDX-License-Identifier: GPL-2.0
// How far the clock of the kernel's records is from the wall's.
#pragma once

#include <chrono>

namespace tcptrace::host {

// CLOCK_REALTIME - CLOCK_BOOTTIME, now. Steps with the wall clock.
[[nodiscard]] std::chrono::nanoseconds boot_to_wall();

// Seconds east of UTC of the local time zone at a wall time.
[[nodiscard]] std::chrono::seconds local_utc_offset(std::chrono::seconds wall);

}  // namespace tcptrace::host
