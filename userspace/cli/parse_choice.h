// SPDX-License-Identifier: GPL-2.0
// An option value that is one of a few words.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/result.h"
#include "cli/parse_suggest.h"
#include "cli/parse_values.h"

namespace tcptrace::cli {

template <typename T, std::size_t N>
using Choices = std::array<std::pair<std::string_view, T>, N>;

template <typename T, std::size_t N>
[[nodiscard]] Result<T> parse_choice(std::string_view text, const Choices<T, N>& choices) {
  std::vector<std::string> names;
  for (const auto& [name, value] : choices) {
    if (name == text) {
      return value;
    }
    names.emplace_back(name);
  }
  return std::unexpected(
      usage_error(fmt::format("{} is not one of {}", quote(text), fmt::join(names, ", ")),
                  did_you_mean(text, names)));
}

}  // namespace tcptrace::cli
