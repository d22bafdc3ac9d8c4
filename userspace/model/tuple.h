// SPDX-License-Identifier: GPL-2.0
// The two ends of a connection.
#pragma once

#include <array>
#include <cstdint>
#include <string>

namespace tcptrace::model {

enum class Family : std::uint8_t { kIpv4, kIpv6 };

enum class Role : std::uint8_t { kUnknown, kClient, kServer, kListener };

// An IPv4 address fills the first four bytes and the rest is zero.
struct Address {
  std::array<std::uint8_t, 16> bytes{};
  friend auto operator<=>(const Address&, const Address&) = default;
};

struct Tuple {
  Address local{};
  Address peer{};
  std::uint16_t local_port = 0;
  std::uint16_t peer_port = 0;
  Family family = Family::kIpv4;
  Role role = Role::kUnknown;
  friend auto operator<=>(const Tuple&, const Tuple&) = default;
};

// "192.0.2.1", "2001:db8::1".
[[nodiscard]] std::string address_text(Family family, const Address& address);

// "192.0.2.1:80", "[2001:db8::1]:80".
[[nodiscard]] std::string endpoint_text(Family family, const Address& address, std::uint16_t port);

}  // namespace tcptrace::model
