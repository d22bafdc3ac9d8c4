// SPDX-License-Identifier: GPL-2.0
// What a poll saw of a connection: the seconds before something happens to it. Plain data.
#pragma once

#include <chrono>
#include <cstdint>

#include "model/tcp_state.h"

namespace tcptrace::model {

// A connection while it lives: ports are used again, cookies are not.
struct ConnectionId {
  std::uint64_t cookie = 0;
  std::uint32_t netns = 0;  // inode number
  friend auto operator<=>(const ConnectionId&, const ConnectionId&) = default;
};

// The fields of TcpInfo by which the way to a reset can be told.
struct Sample {
  std::chrono::nanoseconds boot_time{};  // CLOCK_BOOTTIME
  TcpState state = TcpState::kUnknown;
  std::uint8_t ca_state = 0;
  std::uint8_t retransmits = 0;
  std::uint32_t rtt_us = 0;
  std::uint32_t snd_cwnd = 0;
  std::uint32_t unacked = 0;
  std::uint32_t total_retrans = 0;
  std::uint32_t unread_bytes = 0;
  std::uint32_t unsent_bytes = 0;
  friend bool operator==(const Sample&, const Sample&) = default;
};

}  // namespace tcptrace::model
