// SPDX-License-Identifier: GPL-2.0
// What a mistyped word was meant to be.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace tcptrace::cli {

// "did you mean --port?"; empty when no candidate is near.
[[nodiscard]] std::string did_you_mean(std::string_view word,
                                       std::span<const std::string> candidates);

}  // namespace tcptrace::cli
