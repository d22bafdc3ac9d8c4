// SPDX-License-Identifier: GPL-2.0
#include "tune/balancer.h"

#include <algorithm>
#include <utility>

#include <fmt/core.h>

#include "base/text.h"
#include "model/idle_margin.h"
#include "tune/config_text.h"

namespace tcptrace::tune {
namespace {

using model::BalancerKind;
using model::BalancerMode;
using model::BalancerPlan;
using model::BalancerRequest;
using model::kMarginShare;
using model::kShortestMargin;
using model::margin_of;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

// Nothing is gained by a connection that waits longer, and firewalls forget those that do.
constexpr milliseconds kLongestPoolIdle = seconds(60);
// That of most load balancers and reverse proxies that may stand in front of this one.
constexpr milliseconds kAssumedClientIdle = seconds(60);
// A SYN that is lost is sent again after 1 s, and after 3 s: two may be lost.
constexpr milliseconds kConnectTimeout = seconds(4);
constexpr milliseconds kResponseTimeout = seconds(30);
constexpr milliseconds kHeaderTimeout = seconds(10);
constexpr milliseconds kHalfClosedTimeout = seconds(10);
constexpr milliseconds kTunnelTimeout = hours(1);
// haproxy keeps its timers in 31 bits of milliseconds, and this is whole days of it.
constexpr milliseconds kLongestTimer = hours(24 * 24);
constexpr milliseconds kCheckInterval = seconds(2);
constexpr milliseconds kShortestFailWindow = seconds(10);
constexpr std::uint32_t kChecksToFall = 3;
constexpr std::uint32_t kChecksToRise = 2;

// The shortest timer that `time` and its margin fit into.
milliseconds shortest_for(milliseconds time) {
  const milliseconds by_share((time.count() * kMarginShare + kMarginShare - 2) /
                              (kMarginShare - 1));
  return std::max(time + kShortestMargin, by_share);
}

std::unexpected<Error> contradiction(std::string what, std::string hint) {
  return std::unexpected(usage_error(std::move(what), std::move(hint)));
}

std::string_view pool_impossible(const BalancerRequest& request) {
  if (request.backend_keepalive.value < kShortestPooled) {
    return "the backends close an idle connection too early to keep one";
  }
  if (request.send_proxy) {
    return "with the PROXY protocol a connection to a backend belongs to one client";
  }
  // What the backend closes for other reasons than time has to be asked again.
  if (request.kind == BalancerKind::kHaproxy && request.retries == 0) {
    return "with --retries 0 nothing is asked again that met a connection being closed";
  }
  return {};
}

Result<void> plan_pool(BalancerPlan& plan) {
  const BalancerRequest& request = plan.request;
  const milliseconds keepalive = request.backend_keepalive.value;
  const bool wanted = request.keepalive_pool.value_or(0) != 0 || request.pool_idle.has_value();
  plan.no_pool_because = pool_impossible(request);
  if (!plan.no_pool_because.empty() && wanted) {
    return contradiction(
        fmt::format("--{}: {}", request.pool_idle ? "pool-idle" : "keepalive-pool",
                    plan.no_pool_because),
        keepalive < kShortestPooled
            ? fmt::format("leave it out, or let them keep it for {} or longer, not for {}",
                          time_text(kShortestPooled), time_text(keepalive))
            : std::string("leave it out"));
  }
  if (plan.no_pool_because.empty() && request.keepalive_pool == 0U) {
    plan.no_pool_because = "--keepalive-pool 0";
  }
  if (!plan.no_pool_because.empty()) {
    return {};
  }
  const milliseconds longest = keepalive - plan.margin;
  model::BalancerPool pool{.size = request.keepalive_pool.value_or(kDefaultPool),
                           .idle = request.pool_idle.value_or(std::min(longest, kLongestPoolIdle))};
  if (pool.idle > longest) {
    return contradiction(
        fmt::format("--pool-idle: {} and a margin of {} are longer than the {} that the backends "
                    "keep an idle connection",
                    time_text(pool.idle), time_text(plan.margin), time_text(keepalive)),
        fmt::format("give --pool-idle up to {}, or let the backends keep it for {} or longer",
                    time_text(longest), time_text(shortest_for(pool.idle))));
  }
  if (request.kind == BalancerKind::kHaproxy) {
    pool.purges = purges_until_empty(pool.size, request.max_connections);
    pool.purge_delay = pool.idle / pool.purges;
    if (pool.purge_delay < milliseconds(1)) {
      return contradiction(
          fmt::format("--pool-idle: {} is too short for the {} purges that haproxy may need",
                      time_text(pool.idle), pool.purges),
          fmt::format("give {} or longer", time_text(milliseconds(pool.purges))));
    }
  }
  plan.pool = pool;
  return {};
}

void add_pool_inequality(BalancerPlan& plan) {
  if (!plan.pool) {
    return;
  }
  const model::BalancerPool& pool = *plan.pool;
  const bool purges = pool.purges != 0;
  const milliseconds idle = purges ? pool.purge_delay * pool.purges : pool.idle;
  plan.inequalities.push_back(
      {.name = "pool_idle_below_backend_keepalive",
       .smaller = idle + plan.margin,
       .larger = plan.request.backend_keepalive.value,
       .text = fmt::format(
           "proxy idle {}{} + margin {} <= backend keep-alive {}", time_text(idle),
           purges ? fmt::format(" ({} purges of {})", pool.purges, time_text(pool.purge_delay))
                  : "",
           time_text(plan.margin), time_text(plan.request.backend_keepalive.value)),
       .why = "The proxy lets go of an idle connection before the backend closes it, so that no "
              "request meets a connection that is just being closed: no reset, no 502."});
}

// Attempts to connect, one after the other, in the time that the answer may take.
Result<void> check_attempts(BalancerPlan& plan) {
  const milliseconds all = plan.connect_timeout * plan.attempts();
  const bool once = plan.attempts() == 1;
  if (all > plan.response_timeout && once) {
    return contradiction(
        fmt::format("--connect-timeout: {} are longer than the --response-timeout of {}",
                    time_text(all), time_text(plan.response_timeout)),
        fmt::format("give --connect-timeout up to {}, or --response-timeout from {} on",
                    time_text(plan.response_timeout), time_text(all)));
  }
  if (all > plan.response_timeout) {
    return contradiction(
        fmt::format("--connect-timeout: {} attempts of {} are longer than the --response-timeout "
                    "of {}",
                    plan.attempts(), time_text(plan.connect_timeout),
                    time_text(plan.response_timeout)),
        fmt::format("give --connect-timeout up to {}, fewer --retries, or --response-timeout from "
                    "{} on",
                    time_text(plan.response_timeout / plan.attempts()), time_text(all)));
  }
  plan.inequalities.push_back(
      {.name = "connect_attempts_within_response_timeout",
       .smaller = all,
       .larger = plan.response_timeout,
       .text = once ? fmt::format("connect timeout {} <= response timeout {}", time_text(all),
                                  time_text(plan.response_timeout))
                    : fmt::format("{} attempts x connect timeout {} = {} <= response timeout {}",
                                  plan.attempts(), time_text(plan.connect_timeout), time_text(all),
                                  time_text(plan.response_timeout)),
       .why = once ? "Whether there is a connection is known before anybody gives up."
                   : "Every retry has had its turn before anybody gives up."});
  return {};
}

void add_client_inequalities(BalancerPlan& plan) {
  const milliseconds margin = margin_of(plan.client_idle);
  plan.client_keepalive = plan.client_idle + margin;
  plan.client_timeout = std::max(plan.client_keepalive, plan.response_timeout);
  plan.inequalities.push_back(
      {.name = "client_idle_below_client_keepalive",
       .smaller = plan.client_idle + margin,
       .larger = plan.client_keepalive,
       .text =
           fmt::format("client idle {}{} + margin {} <= proxy keep-alive {}",
                       time_text(plan.client_idle), plan.request.client_idle ? "" : " (assumed)",
                       time_text(margin), time_text(plan.client_keepalive)),
       .why = "The client, or the load balancer before this one, lets go of an idle connection "
              "before the proxy closes it: the same race, one hop earlier."});
  plan.inequalities.push_back(
      {.name = "client_keepalive_within_client_timeout",
       .smaller = plan.client_keepalive,
       .larger = plan.client_timeout,
       .text = fmt::format("proxy keep-alive {} <= client timeout {}",
                           time_text(plan.client_keepalive), time_text(plan.client_timeout)),
       .why = "What is shorter would close idle clients earlier."});
}

Result<void> plan_http(BalancerPlan& plan) {
  const BalancerRequest& request = plan.request;
  plan.response_timeout = request.response_timeout.value_or(kResponseTimeout);
  plan.client_idle = request.client_idle.value_or(kAssumedClientIdle);
  if (auto planned = plan_pool(plan); !planned) {
    return planned;
  }
  add_pool_inequality(plan);
  add_client_inequalities(plan);
  plan.tunnel_timeout = std::max({kTunnelTimeout, plan.client_timeout, plan.response_timeout});
  return check_attempts(plan);
}

Result<void> refuse_http_options(const BalancerRequest& request) {
  struct Given {
    bool is_given = false;
    std::string_view option;
    std::string_view why;
  };
  for (const auto& [is_given, option, why] :
       {Given{request.keepalive_pool.has_value(), "--keepalive-pool",
              "in TCP mode a connection to a backend belongs to one client"},
        Given{request.pool_idle.has_value(), "--pool-idle",
              "in TCP mode a connection to a backend belongs to one client"},
        Given{request.response_timeout.has_value(), "--response-timeout",
              "in TCP mode nobody knows what a response is"},
        Given{request.health_check == model::HealthCheck::kHttp, "--health-check",
              "in TCP mode the check is whether a connection can be made"}}) {
    if (is_given) {
      return contradiction(fmt::format("{}: {}", option, why), "leave it out, or take --mode http");
    }
  }
  return {};
}

// `longest`: of the two ends, as far as anything is known of them. One that goes first is enough;
// but a measurement is of the backend that keeps its connections for the shortest time.
void add_timeout_of_ends(BalancerPlan& plan, milliseconds longest, bool of_the_backend) {
  plan.an_end_goes_first =
      plan.request.client_idle.has_value() ||
      plan.request.backend_keepalive.source == model::BackendKeepalive::Source::kGiven;
  plan.tunnel_timeout = kLongestTimer;
  if (longest == milliseconds(0)) {
    return;
  }
  const milliseconds margin = margin_of(longest);
  if (plan.an_end_goes_first) {
    plan.tunnel_timeout = std::max(kTunnelTimeout, longest + margin);
  }
  plan.inequalities.push_back(
      {.name = "ends_idle_below_proxy_timeout",
       .smaller = longest + margin,
       .larger = plan.tunnel_timeout,
       .text = fmt::format("{} {} + margin {} <= proxy timeout {}",
                           of_the_backend ? "backend keep-alive" : "client idle",
                           time_text(longest), time_text(margin), time_text(plan.tunnel_timeout)),
       .why = "The client or the backend ends an idle connection, and the other hears of it: never "
              "the proxy in between."});
}

// The client talks to the backend itself, and the proxy must not be the one that ends it.
Result<void> plan_tcp(BalancerPlan& plan) {
  const BalancerRequest& request = plan.request;
  if (auto refused = refuse_http_options(request); !refused) {
    return refused;
  }
  const bool assumed =
      request.backend_keepalive.source == model::BackendKeepalive::Source::kAssumed;
  const milliseconds keepalive = assumed ? milliseconds(0) : request.backend_keepalive.value;
  plan.client_idle = request.client_idle.value_or(milliseconds(0));
  if (!assumed && request.client_idle && plan.client_idle + plan.margin > keepalive) {
    return contradiction(
        fmt::format("--client-idle: {} and a margin of {} are longer than the {} that the backends "
                    "keep an idle connection, which in TCP mode is the client's own",
                    time_text(plan.client_idle), time_text(plan.margin), time_text(keepalive)),
        fmt::format("make the clients let go after {}, or let the backends keep it for {} or "
                    "longer",
                    time_text(std::max(keepalive - plan.margin, milliseconds(0))),
                    time_text(shortest_for(plan.client_idle))));
  }
  if (!assumed && request.client_idle) {
    plan.inequalities.push_back(
        {.name = "client_idle_below_backend_keepalive",
         .smaller = plan.client_idle + plan.margin,
         .larger = keepalive,
         .text =
             fmt::format("client idle {} + margin {} <= backend keep-alive {}",
                         time_text(plan.client_idle), time_text(plan.margin), time_text(keepalive)),
         .why = "The connection is the client's own: it lets go before the backend closes it."});
  }
  add_timeout_of_ends(plan, std::max(keepalive, plan.client_idle), keepalive >= plan.client_idle);
  return {};
}

// nginx knows of a backend that is down by requests that failed.
void add_fail_window(BalancerPlan& plan) {
  const milliseconds failures = plan.connect_timeout * kChecksToFall;
  plan.fail_window = std::max(kShortestFailWindow, failures);
  plan.inequalities.push_back(
      {.name = "failures_within_fail_window",
       .smaller = failures,
       .larger = plan.fail_window,
       .text = fmt::format("{} failures x connect timeout {} = {} <= fail_timeout {}",
                           kChecksToFall, time_text(plan.connect_timeout), time_text(failures),
                           time_text(plan.fail_window)),
       .why = "A backend that does not answer at all fails often enough within the window to be "
              "left out."});
}

void add_check_inequality(BalancerPlan& plan) {
  plan.inequalities.push_back(
      {.name = "check_within_interval",
       .smaller = plan.check_timeout,
       .larger = plan.check_interval,
       .text = fmt::format("check timeout {} <= interval {}", time_text(plan.check_timeout),
                           time_text(plan.check_interval)),
       .why = "One check has ended before the next begins."});
}

}  // namespace

std::uint32_t purges_until_empty(std::uint32_t idle, std::uint32_t used) {
  // As srv_cleanup_idle_conns() of haproxy 2.6 counts: half of what exceeds both the most that were
  // in use since the last purge and what it takes to be needed, which is halved every time.
  std::uint32_t needed = used;
  std::uint32_t most_used = used;
  std::uint32_t purges = 0;
  while (idle > 0) {
    ++purges;
    const std::uint32_t kept = std::max(most_used, needed);
    const std::uint32_t exceeding = idle > kept ? idle - kept : 0;
    needed = std::max((needed + most_used) / 2, most_used);
    most_used = 0;
    idle -= exceeding / 2 + exceeding % 2;
  }
  return purges;
}

Result<BalancerPlan> plan_balancer(const BalancerRequest& request) {
  BalancerPlan plan{.request = request};
  if (request.kind == BalancerKind::kNginx && request.mode == BalancerMode::kHttp &&
      request.send_proxy) {
    return contradiction(
        "--proxy-protocol: nginx sends it in TCP mode only",
        "take --mode tcp, or accept and no send: X-Forwarded-For has the client's address");
  }
  // ngx_parse_url(): in whatever case, and only this one is no host.
  if (request.kind == BalancerKind::kNginx &&
      std::ranges::any_of(request.backends, [](const model::Backend& backend) {
        return backend.target.host == "unix";
      })) {
    return contradiction("--backend: \"unix:\" is the beginning of a socket file's name to nginx",
                         "give the host's address, or its name with the domain");
  }
  plan.margin = margin_of(request.backend_keepalive.value);
  plan.connect_timeout = request.connect_timeout.value_or(kConnectTimeout);
  plan.half_closed_timeout = kHalfClosedTimeout;
  plan.header_timeout = kHeaderTimeout;
  plan.check_interval = kCheckInterval;
  plan.check_timeout = kCheckInterval;
  plan.checks_to_fall = kChecksToFall;
  plan.checks_to_rise = kChecksToRise;
  const bool http = request.mode == BalancerMode::kHttp;
  if (auto planned = http ? plan_http(plan) : plan_tcp(plan); !planned) {
    return std::unexpected(planned.error());
  }
  if (request.health_check != model::HealthCheck::kNone) {
    if (request.kind == BalancerKind::kNginx) {
      add_fail_window(plan);
    } else {
      add_check_inequality(plan);
    }
  }
  return plan;
}

}  // namespace tcptrace::tune
