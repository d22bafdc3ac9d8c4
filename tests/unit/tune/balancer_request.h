// SPDX-License-Identifier: GPL-2.0
// A load balancer that is asked for, and what comes of it.
#pragma once

#include <chrono>
#include <string>

#include <gtest/gtest.h>

#include "tune/balancer.h"

namespace tcptrace::test {

inline model::BalancerRequest request(
    model::BalancerKind kind, std::chrono::milliseconds keepalive = std::chrono::seconds(60)) {
  model::BalancerRequest request;
  request.kind = kind;
  request.backends = {{.target = {.host = "10.0.0.5", .port = 8080}},
                      {.target = {.host = "2001:db8::6", .port = 8080}, .weight = 2}};
  request.listen_port = 80;
  request.backend_keepalive = {.value = keepalive,
                               .source = model::BackendKeepalive::Source::kGiven};
  return request;
}

inline std::string config(const model::BalancerRequest& request) {
  const auto plan = tune::plan_balancer(request);
  EXPECT_TRUE(plan) << plan.error().what;
  return request.kind == model::BalancerKind::kHaproxy ? tune::haproxy_config(*plan)
                                                       : tune::nginx_config(*plan);
}

// Comments are wrapped: what is said is looked for on one line.
inline std::string flat(std::string text) {
  for (std::size_t end = text.find('\n'); end != std::string::npos; end = text.find('\n', end)) {
    const std::size_t word = text.find_first_not_of(" #", end + 1);
    text.replace(end, word == std::string::npos ? 1 : word - end, " ");
  }
  return text;
}

}  // namespace tcptrace::test
