// SPDX-License-Identifier: GPL-2.0
// The stage of the scenarios: a namespace for clients and one for servers, joined by a veth pair.
// Counters and settings in them are ours alone, whatever else runs on the machine.
#pragma once

#include <cstdint>
#include <string>

#include "stress/netns.h"
#include "stress/sockets.h"

namespace tcptrace::stress {

inline constexpr auto* kClientV4 = "10.77.0.1";
inline constexpr auto* kServerV4 = "10.77.0.2";
inline constexpr auto* kClientV6 = "fd77::1";
inline constexpr auto* kServerV6 = "fd77::2";

// An established connection with both ends in our hands.
struct Pair {
  UniqueFd listener;
  UniqueFd client;
  UniqueFd server;
  std::uint16_t client_port = 0;
};

class Lab {
 public:
  Lab();
  Lab(const Lab&) = delete;
  Lab& operator=(const Lab&) = delete;
  ~Lab() = default;

  Netns client;
  Netns server;

  // Fresh for each scenario and below the ephemeral range, so a port names the scenario.
  [[nodiscard]] std::uint16_t next_port() { return next_port_++; }

  [[nodiscard]] UniqueFd listen(std::uint16_t port, int backlog = 8) const;  // IPv4
  [[nodiscard]] UniqueFd connect(std::uint16_t port) const;
  [[nodiscard]] Pair pair(std::uint16_t port) const {
    return pair({kServerV4, port}, {kServerV4, port});
  }
  [[nodiscard]] Pair pair(const Endpoint& listen_on, const Endpoint& connect_to) const;

 private:
  std::uint16_t next_port_ = 20000;
};

}  // namespace tcptrace::stress
