// SPDX-License-Identifier: GPL-2.0
// Whether a local port in TIME_WAIT serves a new connection to the same peer, or is taken for a
// minute: tcp_twsk_unique() in net/ipv4/tcp_ipv4.c.
#pragma once

#include <cstdint>

#include "model/host_facts.h"
#include "model/socket_census.h"

namespace tcptrace::model {

enum class TimeWaitReuse : std::uint8_t {
  kNever,
  kLoopback,  // where either end is a loopback address, or the socket is bound to the device
  kAlways,
};

// By net.ipv4.tcp_tw_reuse, and not without net.ipv4.tcp_timestamps: how old a segment is has to be
// known.
[[nodiscard]] TimeWaitReuse time_wait_reuse(std::uint64_t tw_reuse, bool timestamps);
// Of the settings of a namespace; what is missing or no number is the kernel's default.
[[nodiscard]] TimeWaitReuse time_wait_reuse(const Sysctls& sysctls);

// Sockets that are bound to the loopback device without a loopback address are taken for others:
// of what is in TIME_WAIT the device is not listed.
[[nodiscard]] bool reuses_time_wait(TimeWaitReuse reuse, const PortUse& use);

}  // namespace tcptrace::model
