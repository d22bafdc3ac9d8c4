// SPDX-License-Identifier: GPL-2.0
// The ports that the kernel gives to connections that ask for none: ip_local_port_range without
// ip_local_reserved_ports.
#pragma once

#include <cstdint>
#include <vector>

#include "model/host_facts.h"

namespace tcptrace::model {

struct LocalPortRange {
  std::uint16_t low = 0;
  std::uint16_t high = 0;

  [[nodiscard]] bool contains(std::uint16_t port) const { return low <= port && port <= high; }
};

struct LocalPorts {
  std::uint16_t low = 32768;  // the kernel's default: inet_init_net() in net/ipv4/af_inet.c
  std::uint16_t high = 60999;
  std::uint32_t reserved = 0;  // of these

  [[nodiscard]] std::uint32_t available() const { return high - low + 1U - reserved; }
  [[nodiscard]] bool contains(std::uint16_t port) const { return low <= port && port <= high; }
};

// Of ip_local_reserved_ports: sorted, and no port twice, as the kernel prints its bitmap
// (proc_do_large_bitmap()). What is no port in it is passed over.
[[nodiscard]] std::vector<LocalPortRange> reserved_ports(const Sysctls& sysctls);

// Of the settings of a namespace; what is missing or no range is the default.
[[nodiscard]] LocalPorts local_ports(const Sysctls& sysctls);

}  // namespace tcptrace::model
