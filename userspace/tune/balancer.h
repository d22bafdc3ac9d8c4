// SPDX-License-Identifier: GPL-2.0
// The settings of a load balancer whose timeouts fit each other and those of its backends, and the
// configurations that say so. Pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "base/result.h"
#include "model/balancer.h"

namespace tcptrace::tune {

// What the backends are taken to do when nobody says: the shortest of the usual defaults, that of
// Apache httpd and Node.js. To take less than it is costs connections; more, requests.
inline constexpr std::chrono::milliseconds kAssumedKeepalive = std::chrono::seconds(5);

// A backend that closes earlier than this is not worth a pool.
inline constexpr std::chrono::milliseconds kShortestPooled = std::chrono::seconds(2);

inline constexpr std::uint32_t kDefaultPool = 32;

// How often haproxy has to purge until none is left of `idle` connections that nobody asks for,
// when `used` was the most that were in use before.
[[nodiscard]] std::uint32_t purges_until_empty(std::uint32_t idle, std::uint32_t used);

// "10.0.0.5:80 closed 4 idle connections after 5.0 s".
[[nodiscard]] std::string observation_text(const model::ObservedKeepalive& one);

// What all of the backends do: the shortest that was seen, rounded down. `limit`: how long each was
// waited for at least; empty: those that did not close are assumed to do what is usual, and one
// did.
[[nodiscard]] model::BackendKeepalive keepalive_of(
    std::span<const model::ObservedKeepalive> observed,
    std::optional<std::chrono::nanoseconds> limit);

// Fails with ExitStatus::kUsage for times that contradict each other, and says which.
[[nodiscard]] Result<model::BalancerPlan> plan_balancer(const model::BalancerRequest& request);

[[nodiscard]] std::string haproxy_config(const model::BalancerPlan& plan);
[[nodiscard]] std::string nginx_config(const model::BalancerPlan& plan);

}  // namespace tcptrace::tune
