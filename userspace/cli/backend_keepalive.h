// SPDX-License-Identifier: GPL-2.0
// How long the backends of a load balancer keep an idle connection, measured.
#pragma once

#include <chrono>
#include <vector>

#include "base/result.h"
#include "model/balancer.h"

namespace tcptrace::cli {

// Asks each backend of the plan for something, and waits up to `limit` for it to close. Fails for
// one that does not answer, and when a signal comes.
[[nodiscard]] Result<model::BackendKeepalive> probed_keepalive(const model::BalancerPlan& plan,
                                                               std::chrono::nanoseconds limit);

// Watches the connections that this host has to them, for so long or until a signal comes. Fails if
// none was seen to close idle connections.
[[nodiscard]] Result<model::BackendKeepalive> watched_keepalive(
    const std::vector<model::Backend>& backends, std::chrono::nanoseconds duration);

}  // namespace tcptrace::cli
