// SPDX-License-Identifier: GPL-2.0
// The clock of the kernel's records, and its distance from the wall's.
#pragma once

#include <chrono>

namespace tcptrace::host {

[[nodiscard]] std::chrono::nanoseconds boot_time();  // CLOCK_BOOTTIME

// CLOCK_REALTIME - CLOCK_BOOTTIME, now. Steps with the wall clock.
[[nodiscard]] std::chrono::nanoseconds boot_to_wall();

// Seconds east of UTC of the local time zone at a wall time.
[[nodiscard]] std::chrono::seconds local_utc_offset(std::chrono::seconds wall);

}  // namespace tcptrace::host
