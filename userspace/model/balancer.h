// SPDX-License-Identifier: GPL-2.0
// A load balancer: what is asked of it, and the settings that follow. Plain data.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/target.h"

namespace tcptrace::model {

enum class BalancerKind : std::uint8_t { kHaproxy, kNginx };

enum class BalancerMode : std::uint8_t {
  kHttp,
  kTcp,
  kTlsPassthrough,  // TCP whose first bytes are a ClientHello; nothing of it is changed
};

enum class HealthCheck : std::uint8_t { kNone, kConnect, kHttp };

struct Backend {
  Target target;         // an IPv6 address in the form of RFC 5952
  bool is_name = false;  // has to be resolved
  std::uint32_t weight = 1;
};

// How long the backends keep a connection on which nothing happens.
struct BackendKeepalive {
  enum class Source : std::uint8_t { kGiven, kMeasured, kAssumed };

  std::chrono::milliseconds value{};
  Source source = Source::kAssumed;
  std::string evidence{};  // what was seen; empty: nobody has looked
};

// How long one of them was seen to keep it.
struct ObservedKeepalive {
  Target backend;
  // From the last byte of an answer to the end of the connection; empty: none was seen to end.
  std::optional<std::chrono::nanoseconds> closed_after{};
  std::uint64_t closes = 0;  // connections that this was seen of; 0: the one of a probe
  std::uint64_t of = 0;      // idle ones that it closed, after other times too
  bool presumed = false;     // not who closed was seen, only that this host was not the first
};

// What people type; empty: what suits the rest.
struct BalancerRequest {
  BalancerKind kind = BalancerKind::kHaproxy;
  BalancerMode mode = BalancerMode::kHttp;
  std::vector<Backend> backends;
  std::string listen_host{};  // an address; empty: all of both families
  std::uint16_t listen_port = 0;
  bool send_proxy = false;    // the PROXY protocol, to the backends
  bool accept_proxy = false;  // and from the clients
  HealthCheck health_check = HealthCheck::kConnect;
  std::string health_path{};
  BackendKeepalive backend_keepalive;
  std::optional<std::uint32_t> keepalive_pool;  // idle connections to keep, of each backend
  std::optional<std::chrono::milliseconds> pool_idle;
  std::optional<std::chrono::milliseconds> client_idle;
  std::optional<std::chrono::milliseconds> connect_timeout;
  std::optional<std::chrono::milliseconds> response_timeout;
  std::uint32_t retries = 2;
  std::uint32_t max_connections = 4096;  // of clients
};

// One relation between two times that has to hold: `smaller` <= `larger`.
struct Inequality {
  std::string_view name;  // "pool_idle_below_backend_keepalive"
  std::chrono::milliseconds smaller{};
  std::chrono::milliseconds larger{};
  std::string text;      // the same with what the times are made of
  std::string_view why;  // what it prevents
};

// Idle connections to the backends that wait for requests of any client.
struct BalancerPool {
  std::uint32_t size = 0;  // of each backend
  std::chrono::milliseconds idle{};
  // haproxy has no timer for a single connection. This often it closes half of those that were not
  // needed, and after so many times the last of them.
  std::chrono::milliseconds purge_delay{};
  std::uint32_t purges = 0;
};

struct BalancerPlan {
  BalancerRequest request;
  std::optional<BalancerPool> pool{};
  std::string_view no_pool_because{};  // with HTTP, if there is none
  std::chrono::milliseconds margin{};  // before the backends' keep-alive ends
  std::chrono::milliseconds client_idle{};
  std::chrono::milliseconds client_keepalive{};  // HTTP
  std::chrono::milliseconds connect_timeout{};
  std::chrono::milliseconds response_timeout{};  // HTTP
  std::chrono::milliseconds client_timeout{};    // HTTP: while data is expected from the client
  std::chrono::milliseconds tunnel_timeout{};    // an upgraded or a TCP connection
  bool an_end_goes_first = false;                // TCP: before that, as far as is known
  std::chrono::milliseconds half_closed_timeout{};
  std::chrono::milliseconds header_timeout{};  // for a whole request head or ClientHello
  std::chrono::milliseconds check_interval{};
  std::chrono::milliseconds check_timeout{};
  std::chrono::milliseconds fail_window{};  // nginx: so many failures within this, and for as long
  std::uint32_t checks_to_fall = 0;
  std::uint32_t checks_to_rise = 0;
  std::vector<Inequality> inequalities{};

  [[nodiscard]] std::uint32_t attempts() const { return request.retries + 1; }
};

}  // namespace tcptrace::model
