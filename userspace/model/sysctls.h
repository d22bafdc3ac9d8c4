// SPDX-License-Identifier: GPL-2.0
// Kernel settings and counters that were read, looked up by name.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/parse.h"
#include "model/host_facts.h"

namespace tcptrace::model {

// Empty: there is none, or its value is empty.
[[nodiscard]] std::string_view sysctl_text(const Sysctls& sysctls, std::string_view name);
// Empty: there is none, or it is no number.
[[nodiscard]] std::optional<std::uint64_t> sysctl_number(const Sysctls& sysctls,
                                                         std::string_view name);

// The numbers of a setting, "4096 131072 6291456": N of them, or nothing.
template <std::size_t N>
[[nodiscard]] std::optional<std::array<std::uint64_t, N>> sysctl_numbers(const Sysctls& sysctls,
                                                                         std::string_view name) {
  const auto words = fields(sysctl_text(sysctls, name));
  std::array<std::uint64_t, N> numbers{};
  if (words.size() != N) {
    return std::nullopt;
  }
  for (std::size_t i = 0; i < N; ++i) {
    const auto number = parse_number<std::uint64_t>(words[i]);
    if (!number) {
      return std::nullopt;
    }
    numbers[i] = *number;
  }
  return numbers;
}

// 0 for a counter that is not there.
[[nodiscard]] std::uint64_t counter_value(const Counters& counters, std::string_view name);

}  // namespace tcptrace::model
