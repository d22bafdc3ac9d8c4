// SPDX-License-Identifier: GPL-2.0
#pragma once

namespace tcptrace::cli {

// Whose /proc, /sys and /run the readers of host/ are given: those of this machine.
inline constexpr const char* kRoot = "/";

}  // namespace tcptrace::cli
