// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <cstdint>
#include <string_view>

namespace tcptrace::model {

// The states of RFC 9293, 3.3.2, with the kernel's numbers (include/net/tcp_states.h) and ss's
// spelling in state_name().
enum class TcpState : std::uint8_t {
  kUnknown = 0,
  kEstablished = 1,
  kSynSent = 2,
  kSynRecv = 3,
  kFinWait1 = 4,
  kFinWait2 = 5,
  kTimeWait = 6,
  kClose = 7,
  kCloseWait = 8,
  kLastAck = 9,
  kListen = 10,
  kClosing = 11,
  kNewSynRecv = 12,
};

// As in the masks of states that the kernel takes (TCPF_*).
[[nodiscard]] constexpr std::uint32_t state_bit(TcpState state) {
  return 1U << static_cast<std::uint32_t>(state);
}

// RFC 9293's names as the kernel and bcc spell them: "ESTABLISHED", "SYN_SENT", "FIN_WAIT1" …
[[nodiscard]] std::string_view state_name(TcpState state);

}  // namespace tcptrace::model
