// SPDX-License-Identifier: GPL-2.0
// Measures how long servers keep an idle connection: one request each, and then a wait for the
// server to close.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/balancer.h"
#include "model/target.h"
#include "stress/address.h"

namespace tcptrace::stress {

struct ProbedServer {
  model::Target target;
  SocketAddress address;
};

struct KeepaliveProbe {
  std::vector<ProbedServer> servers{};
  std::string path = "/";
  bool send_proxy = false;           // they expect the PROXY protocol
  std::chrono::nanoseconds limit{};  // to wait for, once the answer is there
  std::chrono::nanoseconds connect_timeout{};
  std::chrono::nanoseconds answer_timeout{};  // for all of the answer
};

// Of each server, in their order, all at once. Fails for a server that cannot be connected to, does
// not answer or does not end its answer, and when `interrupt_fd` becomes readable, which is not
// read.
[[nodiscard]] Result<std::vector<model::ObservedKeepalive>> measure_keepalive(
    const KeepaliveProbe& probe, int interrupt_fd);

}  // namespace tcptrace::stress
