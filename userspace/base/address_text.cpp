// SPDX-License-Identifier: GPL-2.0
// Addresses as text, by hand: inet_ntop costs several times as much, and every record has two.
#include <algorithm>
#include <array>
#include <charconv>

#include "base/text.h"

namespace tcptrace {
namespace {

constexpr int kGroups = 8;

struct ZeroRun {
  int first = -1;
  int length = 1;  // RFC 5952, 4.2.2: a single group of zeros is not shortened
};

ZeroRun longest_zero_run(const std::array<std::uint16_t, kGroups>& groups) {
  ZeroRun best;
  for (int i = 0; i < kGroups;) {
    int end = i;
    while (end < kGroups && groups[static_cast<std::size_t>(end)] == 0) {
      ++end;
    }
    if (end - i > best.length) {
      best = {i, end - i};
    }
    i = std::max(end, i + 1);
  }
  return best;
}

bool is_v4_mapped(std::span<const std::uint8_t, 16> address) {
  return std::all_of(address.begin(), address.begin() + 10, [](auto byte) { return byte == 0; }) &&
         address[10] == 0xff && address[11] == 0xff;
}

}  // namespace

char* write_address(char* to, std::span<const std::uint8_t, 4> ipv4) {
  for (const std::uint8_t byte : ipv4) {
    to = std::to_chars(to, to + 3, byte).ptr;
    *to++ = '.';
  }
  return to - 1;
}

char* write_address(char* to, std::span<const std::uint8_t, 16> ipv6) {
  if (is_v4_mapped(ipv6)) {
    constexpr std::string_view kPrefix = "::ffff:";
    return write_address(std::copy(kPrefix.begin(), kPrefix.end(), to), ipv6.subspan<12, 4>());
  }
  std::array<std::uint16_t, kGroups> groups{};
  for (std::size_t i = 0; i < groups.size(); ++i) {
    groups[i] = static_cast<std::uint16_t>(ipv6[2 * i] << 8 | ipv6[2 * i + 1]);
  }
  const ZeroRun zeros = longest_zero_run(groups);
  for (int i = 0; i < kGroups; ++i) {
    if (i == zeros.first) {
      *to++ = ':';
      i += zeros.length - 1;
      if (i == kGroups - 1) {
        *to++ = ':';
      }
      continue;
    }
    if (i > 0) {
      *to++ = ':';
    }
    to = std::to_chars(to, to + 4, groups[static_cast<std::size_t>(i)], 16).ptr;
  }
  return to;
}

}  // namespace tcptrace
