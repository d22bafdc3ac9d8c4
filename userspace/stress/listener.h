// SPDX-License-Identifier: GPL-2.0
// Listening sockets of a server: for each of its threads one at each of its addresses.
#pragma once

#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "model/serve.h"
#include "stress/address.h"

namespace tcptrace::stress {

struct Listeners {
  std::vector<std::vector<UniqueFd>> threads;  // of each thread, at all addresses
  std::vector<model::ListenAddress> addresses;
};

// Non-blocking. What the faults need of every connection is set here: accepted sockets inherit it.
[[nodiscard]] Result<Listeners> open_listeners(const model::ServeConfig& config);

}  // namespace tcptrace::stress
