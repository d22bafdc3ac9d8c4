// SPDX-License-Identifier: GPL-2.0
// All TCP sockets of a host, counted: what monitor/ makes of a dump. Plain data.
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "model/event.h"

namespace tcptrace::model {

inline constexpr std::size_t kTcpStates = 13;  // of TcpState
// Sockets by TcpState. NEW_SYN_RECV is counted as SYN_RECV, as ss does.
using StateCounts = std::array<std::uint64_t, kTcpStates>;

struct PortCount {
  std::uint32_t netns = 0;
  std::uint16_t port = 0;
  std::uint64_t connections = 0;  // not listeners
};

struct PeerCount {
  Family family = Family::kIpv4;
  Address address{};
  std::uint64_t connections = 0;
  std::uint64_t established = 0;
};

struct ProcessCount {
  Process process;
  std::uint64_t connections = 0;
  std::uint64_t established = 0;
  std::uint64_t close_wait = 0;
};

struct ContainerCount {
  std::string container;  // full id
  std::string runtime;
  std::uint64_t connections = 0;
};

struct ListenerCount {
  std::uint32_t netns = 0;
  Family family = Family::kIpv4;
  Address address{};
  std::uint16_t port = 0;
  Process process{};              // pid 0: not known
  std::uint64_t backlog = 0;      // connections that wait to be accepted
  std::uint64_t limit = 0;        // it is full beyond that: accept_queue_full()
  std::uint64_t connections = 0;  // with its port: of all listeners that share address and port
  std::uint64_t syn_recv = 0;     // of these
};
// Of what its queue may hold.
[[nodiscard]] inline double backlog_percent(const ListenerCount& listener) {
  const auto limit = static_cast<double>(std::max<std::uint64_t>(listener.limit, 1));
  return std::min(100 * static_cast<double>(listener.backlog) / limit, 100.0);
}

// Local ports in use towards one peer: what ip_local_port_range bounds. Only connections whose
// local port is in that range, and is not a listener's.
struct PortUse {
  std::uint32_t netns = 0;
  Family family = Family::kIpv4;
  Address local{};
  Address peer{};
  std::uint16_t peer_port = 0;
  std::uint64_t ports = 0;      // in any state but TIME_WAIT
  std::uint64_t time_wait = 0;  // in TIME_WAIT
  std::uint32_t available = 0;  // of these ports the kernel chooses one for a connection
  bool reused = false;          // a new connection to this peer may have those in TIME_WAIT
};
// That a new connection to this peer cannot have.
[[nodiscard]] inline std::uint64_t ports_taken(const PortUse& use) {
  return use.ports + (use.reused ? 0 : use.time_wait);
}
// Of the available ones.
[[nodiscard]] inline double ports_percent(const PortUse& use) {
  const auto taken = static_cast<double>(ports_taken(use));
  return std::min(100 * taken / std::max(use.available, 1U), 100.0);
}

// Connections in CLOSE_WAIT of one process with one peer: the peer has closed, this side has not.
struct CloseWaitSuspect {
  std::uint32_t netns = 0;
  Process process{};  // pid 0: not known
  Family family = Family::kIpv4;
  Address peer{};
  std::uint16_t port = 0;  // the peer's where this side connected, else the local one
  bool server = false;     // this side accepted
  std::uint64_t connections = 0;
  // How long the oldest has been so. The FIN came no later than the last acknowledgement, and no
  // earlier than the last data.
  std::chrono::milliseconds at_least{};
  std::chrono::milliseconds at_most{};
};

// Round trips of established connections, by powers of two: bucket i holds those below 2^i us that
// the one before does not.
using RttBuckets = std::array<std::uint64_t, 33>;

struct NetnsCensus {
  std::uint32_t netns = 0;
  StateCounts states{};
};

struct SocketCensus {
  std::uint64_t sockets = 0;
  StateCounts states{};  // of all namespaces
  std::vector<NetnsCensus> namespaces{};
  // The largest first, as many as were asked for.
  std::vector<PortCount> local_ports{};
  std::vector<PeerCount> peers{};
  std::vector<ProcessCount> processes{};
  std::vector<ContainerCount> containers{};
  std::vector<PortUse> port_use{};  // by their share of the available
  std::vector<CloseWaitSuspect> close_wait{};
  // All of them, those with the fullest queue first.
  std::vector<ListenerCount> listeners{};
  RttBuckets rtt{};
};

}  // namespace tcptrace::model
