// SPDX-License-Identifier: GPL-2.0
// Text of the kernel's taken apart: lines, words, numbers. Pure.
#pragma once

#include <charconv>
#include <concepts>
#include <optional>
#include <string_view>
#include <system_error>
#include <vector>

namespace tcptrace {

// The lines of `text`, without their ends.
[[nodiscard]] std::vector<std::string_view> lines(std::string_view text);

// `text` split at runs of blanks.
[[nodiscard]] std::vector<std::string_view> fields(std::string_view text);

// The number that is the whole of `text`.
template <std::integral T>
[[nodiscard]] std::optional<T> parse_number(std::string_view text, int base = 10) {
  T value = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, failure] = std::from_chars(text.data(), end, value, base);
  if (text.empty() || failure != std::errc() || stop != end) {
    return std::nullopt;
  }
  return value;
}

}  // namespace tcptrace
