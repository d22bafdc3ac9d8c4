// SPDX-License-Identifier: GPL-2.0
// The completion scripts of userspace/completions/, embedded at build time.
#pragma once

#include <optional>
#include <string_view>

namespace tcptrace::cli {

// For "bash", "zsh" or "fish"; empty for another shell.
[[nodiscard]] std::optional<std::string_view> completion_script(std::string_view shell);

}  // namespace tcptrace::cli
