// SPDX-License-Identifier: GPL-2.0
// The flags of the TCP header (RFC 9293, 3.1).
#pragma once

#include <cstdint>

namespace tcptrace::model {

inline constexpr std::uint8_t kFin = 0x01;
inline constexpr std::uint8_t kSyn = 0x02;
inline constexpr std::uint8_t kRst = 0x04;
inline constexpr std::uint8_t kPsh = 0x08;
inline constexpr std::uint8_t kAck = 0x10;
inline constexpr std::uint8_t kUrg = 0x20;
inline constexpr std::uint8_t kEce = 0x40;
inline constexpr std::uint8_t kCwr = 0x80;

}  // namespace tcptrace::model
