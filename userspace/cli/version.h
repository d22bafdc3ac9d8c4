// SPDX-License-Identifier: GPL-2.0
// The version of this build.
#pragma once

#include <string_view>

namespace tcptrace::cli {

[[nodiscard]] std::string_view version();  // "0.1.0"

}  // namespace tcptrace::cli
