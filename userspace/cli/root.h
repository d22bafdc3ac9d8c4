// SPDX-License-Identifier: GPL-2.0
#pragma once

namespace tcptrace::cli {

// Whose /proc and /sys the readers of host/ are given here: this machine's. Their tests give
// others.
inline constexpr const char* kRoot = "/";

}  // namespace tcptrace::cli
