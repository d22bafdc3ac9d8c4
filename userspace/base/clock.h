// SPDX-License-Identifier: GPL-2.0
// The clock of the kernel's records, and of all times of this program that are not for people.
#pragma once

#include <chrono>

namespace tcptrace {

// CLOCK_BOOTTIME: goes on while the machine sleeps.
[[nodiscard]] std::chrono::nanoseconds boot_time();

// Of all threads of this process, in the kernel and outside.
[[nodiscard]] std::chrono::nanoseconds processor_time();

}  // namespace tcptrace
