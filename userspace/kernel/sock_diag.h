// SPDX-License-Identifier: GPL-2.0
// TCP sockets from netlink (sock_diag): for kernels and users to which no BPF iterator is open.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>

#include "base/result.h"
#include "model/socket.h"

namespace tcptrace::kernel {

// Of one datagram of an answer.
struct DiagResult {
  bool done = false;            // the answer ends here
  int error = 0;                // the kernel's, a positive errno: likewise
  bool interrupted = false;     // what was listed changed meanwhile (NLM_F_DUMP_INTR)
  std::uint64_t malformed = 0;  // messages that are none
};

using SocketHandler = std::function<void(model::Socket&)>;

// Hands every socket in `datagram` to `handler`, which may change it. Looks at messages with this
// sequence number only. Never reads past the span. Pure. `netns` and `now` are what a message does
// not say.
[[nodiscard]] DiagResult parse_sock_diag(std::span<const std::byte> datagram,
                                         std::uint32_t sequence, std::uint32_t netns,
                                         std::chrono::nanoseconds now,
                                         const SocketHandler& handler);

struct DiagCounts {
  std::uint64_t malformed = 0;
  bool interrupted = false;
};

// Whether the kernel is to fill in a TCP_INFO: a third of the time that it takes. Listeners have
// their queues all the same.
enum class DiagInfo : std::uint8_t { kNone, kTcpInfo };

// The sequence number of every answer to ask_sock_diag().
inline constexpr std::uint32_t kDiagSequence = 1;

// One datagram of the answer as it came, of at most 32 KiB; returns whether the answer ends with
// it.
using DatagramHandler = std::function<bool(std::span<const std::byte>)>;

// Asks for all TCP sockets of the network namespace of the calling thread, in the states of the bit
// mask (1 << TcpState).
[[nodiscard]] Result<void> ask_sock_diag(std::uint32_t states, DiagInfo info,
                                         const DatagramHandler& handler);

// The same, as sockets; `netns` is the inode number of that namespace.
[[nodiscard]] Result<DiagCounts> read_sock_diag(std::uint32_t netns, std::uint32_t states,
                                                const SocketHandler& handler,
                                                DiagInfo info = DiagInfo::kTcpInfo);

}  // namespace tcptrace::kernel
