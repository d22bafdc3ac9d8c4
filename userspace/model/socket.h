// SPDX-License-Identifier: GPL-2.0
// A TCP socket as a snapshot found it. Plain data.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

#include "model/event.h"

namespace tcptrace::model {

// Where a snapshot comes from.
enum class SocketSource : std::uint8_t {
  kIter,     // a BPF iterator (iter/tcp)
  kNetlink,  // sock_diag
};
[[nodiscard]] std::string_view socket_source_name(SocketSource source);  // "iter", "netlink"

// The timer that expires next: the numbers of idiag_timer (net/ipv4/inet_diag.c).
enum class SocketTimer : std::uint8_t {
  kNone,
  kRetransmit,  // or a loss probe, or RACK's reordering timer
  kKeepalive,   // or the end of FIN_WAIT2, of a socket that nobody holds
  kTimeWait,
  kProbe,  // of a window that is closed
};
// "retransmit", "keepalive", "time_wait", "zero_window_probe"; empty: none.
[[nodiscard]] std::string_view socket_timer_name(SocketTimer timer);

struct Socket {
  std::chrono::nanoseconds boot_time{};  // CLOCK_BOOTTIME, when it was read
  Connection connection;                 // role only where the state proves it
  std::optional<Process> owner;          // a process with a descriptor of it
  // Absent for connection requests (SYN_RECV) and what is left of a connection in TIME_WAIT or
  // FIN_WAIT2: the kernel keeps no more of these than tuple and timer.
  std::optional<TcpInfo> info;
  SocketSource source = SocketSource::kIter;
  SocketTimer timer = SocketTimer::kNone;
  std::uint8_t timer_retries = 0;  // retransmissions or probes since the last answer
  std::uint32_t timer_ms = 0;      // until it expires
  std::uint32_t uid = 0;           // where info is there
  std::uint64_t inode = 0;         // 0: no descriptor
  bool orphan = false;             // SOCK_DEAD. Only kIter knows this and the next two.
  bool never_accepted = false;     // waits in a listener's queue
  bool mptcp = false;
  bool receive_window_known = true;  // info->rcv_wnd: netlink tells it from v6.2 on
};

}  // namespace tcptrace::model
