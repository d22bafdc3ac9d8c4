// SPDX-License-Identifier: GPL-2.0
#include "cli/completion.h"

#include "completion_scripts.h"

namespace tcptrace::cli {

std::optional<std::string_view> completion_script(std::string_view shell) {
  if (shell == "bash") {
    return completion_scripts::kBash;
  }
  if (shell == "zsh") {
    return completion_scripts::kZsh;
  }
  if (shell == "fish") {
    return completion_scripts::kFish;
  }
  return std::nullopt;
}

}  // namespace tcptrace::cli
