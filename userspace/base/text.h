// SPDX-License-Identifier: GPL-2.0
// Strings for people and programs: escaping, numbers with units, addresses. Pure; knows no project
// type.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace tcptrace {

// The inside of a JSON string. Any bytes come in, valid UTF-8 comes out: each byte that is not
// becomes U+FFFD.
void append_json_escaped(std::string& out, std::string_view bytes);

// Safe to print on a terminal: control characters, invalid UTF-8 and bidirectional overrides as
// \xNN, a backslash doubled, the rest as it is.
void append_terminal_safe(std::string& out, std::string_view bytes);
[[nodiscard]] std::string terminal_safe(std::string_view bytes);

// Columns that text takes on a terminal, a code point counted as one.
[[nodiscard]] std::size_t display_width(std::string_view utf8);

// Dotted decimal for 4 bytes, RFC 5952 for 16. `to` has room for kAddressTextSize; returns the end.
inline constexpr std::size_t kAddressTextSize = 40;
char* write_address(char* to, std::span<const std::uint8_t, 4> ipv4);
char* write_address(char* to, std::span<const std::uint8_t, 16> ipv6);

template <std::size_t N>
void append_address(std::string& out, std::span<const std::uint8_t, N> address) {
  char text[kAddressTextSize];
  out.append(text, write_address(text, address));
}

// "192.0.2.1:80", "[2001:db8::1]:80", "example.com:80": brackets where colons need them (RFC 3986,
// 3.2.2).
[[nodiscard]] std::string host_and_port(std::string_view host, std::uint16_t port);

// "1,234,567"
[[nodiscard]] std::string grouped(std::uint64_t count);
// "1 socket", "1,234 sockets"
[[nodiscard]] std::string counted(std::uint64_t count, std::string_view what);
// "900 B", "1.5 KiB", "3.2 GiB"
[[nodiscard]] std::string human_bytes(std::uint64_t bytes);
// "250 us", "12.5 ms", "61.2 s", "2 h 5 min", "3 d 4 h"
[[nodiscard]] std::string human_duration(std::chrono::nanoseconds duration);

}  // namespace tcptrace
