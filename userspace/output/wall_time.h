// SPDX-License-Identifier: GPL-2.0
// The kernel's clock as wall time, for programs and for people. Reads no clock.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>

#include "output/context.h"

namespace tcptrace::output {

// Nanoseconds since 1970 UTC. A corrupt time wraps instead of overflowing.
[[nodiscard]] std::chrono::nanoseconds wall_time(std::chrono::nanoseconds boot_time,
                                                 const Context& context);

// "2026-11-21T01:02:03.123456789Z": always kRfc3339Size characters. Returns the end.
inline constexpr std::size_t kRfc3339Size = 30;
char* write_rfc3339(char* to, std::chrono::nanoseconds wall);

// "2026-11-21 01:02:03" in the context's time zone, and a 'Z' where that is UTC for want of
// another.
void append_date_time(std::string& out, std::chrono::nanoseconds wall, const Context& context);

// The column that append_clock_time() fills.
inline constexpr std::size_t kClockWidth = 12;
// "01:02:03.123" in the context's time zone.
void append_clock_time(std::string& out, std::chrono::nanoseconds wall, const Context& context);

}  // namespace tcptrace::output
