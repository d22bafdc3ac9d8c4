// SPDX-License-Identifier: GPL-2.0
#include "output/sparkline.h"

#include <array>
#include <string_view>

namespace tcptrace::output {

std::string sparkline(std::span<const std::uint64_t> numbers, std::uint64_t low,
                      std::uint64_t high) {
  static constexpr std::array<std::string_view, 8> kBars = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  // Eighths of what is between them, without a product that could overflow.
  const auto range = static_cast<double>(high - low);
  std::string line;
  for (const std::uint64_t number : numbers) {
    const double above = static_cast<double>(number - low) * (kBars.size() - 1);
    line += kBars[range == 0 ? 0 : static_cast<std::size_t>(above / range)];
  }
  return line;
}

}  // namespace tcptrace::output
