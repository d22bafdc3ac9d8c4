// SPDX-License-Identifier: GPL-2.0
// What every thread of a load needs to know: addresses found, bytes to send made, limits filled in.
// Does not change while the load runs.
#pragma once

#include <sys/socket.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/load.h"
#include "stress/address.h"

namespace tcptrace::stress {

// One address of the target, and the local ones that can reach it. None: the kernel chooses.
struct LoadRoute {
  SocketAddress peer;
  std::vector<SocketAddress> sources;
};

struct LoadPlan {
  model::LoadOptions options;
  std::vector<LoadRoute> routes;  // in the order in which they are tried; at least one
  std::uint32_t connections = 0;  // at once
  std::uint32_t threads = 0;      // not more than connections
  std::string request;
  std::string last_request;  // of a connection
};

// Looks up the target, and sees that the sources are ours. Fails with ExitStatus::kUsage for what
// cannot be.
[[nodiscard]] Result<LoadPlan> make_plan(const model::LoadOptions& options);

inline constexpr std::size_t kMaxSources = 65'536;
// The addresses of a block; of an IPv4 one with more than two, not the first and the last, which
// no host has. Fails for too many.
[[nodiscard]] Result<std::vector<SocketAddress>> addresses_of(const model::Prefix& prefix);

}  // namespace tcptrace::stress
