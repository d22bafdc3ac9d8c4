// SPDX-License-Identifier: GPL-2.0
#include "cli/backend_keepalive.h"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include <fmt/core.h>

#include "base/text.h"
#include "cli/dump_words.h"
#include "cli/pool_watch.h"
#include "host/signal_fd.h"
#include "model/pool.h"
#include "model/tuple.h"
#include "stress/address.h"
#include "stress/keepalive_probe.h"
#include "tune/balancer.h"

namespace tcptrace::cli {
namespace {

// By the endpoint, in whatever namespace: the one that closes first counts.
using IdleCloses = std::map<std::string, model::PeerIdleClose>;

// Whether the first says more of how long a backend waits.
bool counts_before(const model::PeerIdleClose& a, const model::PeerIdleClose& b) {
  return std::tuple(a.count == 0, a.idle) < std::tuple(b.count == 0, b.idle);
}

IdleCloses first_closes(const model::PoolReport& report) {
  IdleCloses closes;
  for (const model::PeerIdleClose& close : report.shortest_idle_closes) {
    const model::PeerEndpoint& peer = close.peer;
    const auto [found, added] =
        closes.try_emplace(endpoint_text(peer.family, peer.address, peer.port), close);
    if (!added && counts_before(close, found->second)) {
      found->second = close;
    }
  }
  return closes;
}

struct Watched {
  model::Target backend;
  std::vector<std::string> endpoints{};  // a name may have several
};

// Before the watch, which a name that nobody knows would waste.
Result<std::vector<Watched>> to_watch(const std::vector<model::Backend>& backends) {
  std::vector<Watched> watched;
  for (const model::Backend& backend : backends) {
    auto addresses = stress::resolve(backend.target);
    if (!addresses) {
      return std::unexpected(addresses.error().within("--watch-backends"));
    }
    Watched& one = watched.emplace_back(Watched{.backend = backend.target});
    std::ranges::transform(*addresses, std::back_inserter(one.endpoints), stress::to_text);
  }
  return watched;
}

model::ObservedKeepalive seen_of(const Watched& watched, const IdleCloses& closes) {
  model::ObservedKeepalive seen{.backend = watched.backend};
  for (const std::string& endpoint : watched.endpoints) {
    const auto found = closes.find(endpoint);
    if (found == closes.end()) {
      continue;
    }
    const model::PeerIdleClose& close = found->second;
    if (close.count == 0) {
      seen.of += seen.closed_after ? 0 : close.of;
    } else if (!seen.closed_after || close.idle < *seen.closed_after) {
      seen.closed_after = close.idle;
      seen.closes = close.count;
      seen.of = close.of;
      seen.presumed = close.presumed;
    }
  }
  return seen;
}

}  // namespace

Result<model::BackendKeepalive> probed_keepalive(const model::BalancerPlan& plan,
                                                 std::chrono::nanoseconds limit) {
  const model::BalancerRequest& request = plan.request;
  stress::KeepaliveProbe probe{.path = request.health_path.empty() ? "/" : request.health_path,
                               .send_proxy = request.send_proxy,
                               .limit = limit,
                               .connect_timeout = plan.connect_timeout,
                               .answer_timeout = plan.response_timeout};
  for (const model::Backend& backend : request.backends) {
    auto addresses = stress::resolve(backend.target);
    if (!addresses) {
      return std::unexpected(addresses.error().within("--probe-backends"));
    }
    probe.servers.push_back({.target = backend.target, .address = addresses->front()});
  }
  // Not before: nothing looks at it while a resolver is asked, which may take half a minute.
  const auto signals = host::SignalFd::open();
  if (!signals) {
    return std::unexpected(signals.error());
  }
  say(fmt::format("one request to {}, and then a wait of up to {} for them to close",
                  counted(probe.servers.size(), "backend"), human_duration(limit)));
  const auto observed = stress::measure_keepalive(probe, signals->fd());
  if (!observed) {
    Error error = observed.error();
    return std::unexpected(error.within("--probe-backends"));
  }
  for (const model::ObservedKeepalive& one : *observed) {
    say(one.closed_after ? tune::observation_text(one)
                         : fmt::format("{} still open after {}",
                                       host_and_port(one.backend.host, one.backend.port),
                                       human_duration(limit)));
  }
  return tune::keepalive_of(*observed, limit);
}

Result<model::BackendKeepalive> watched_keepalive(const std::vector<model::Backend>& backends,
                                                  std::chrono::nanoseconds duration) {
  const auto watched = to_watch(backends);
  if (!watched) {
    return std::unexpected(watched.error());
  }
  // Not before: nothing looks at it while a resolver is asked, which may take half a minute.
  auto signals = host::SignalFd::open();
  if (!signals) {
    return std::unexpected(signals.error());
  }
  PoolWatchOptions options;
  options.interval = std::min(options.interval, duration);
  options.duration = duration;
  const auto watch = PoolWatch::open(options, *signals);
  if (!watch) {
    return std::unexpected(watch.error());
  }
  say(fmt::format("watching this host's connections to {} for {}",
                  counted(backends.size(), "backend"), human_duration(duration)));
  const auto report = (*watch)->run();
  if (!report) {
    return std::unexpected(report.error());
  }
  (*watch)->say_shortfalls(*report, false);
  const IdleCloses closes = first_closes(*report);
  std::vector<model::ObservedKeepalive> observed;
  for (const Watched& one : *watched) {
    observed.push_back(seen_of(one, closes));
    say(tune::observation_text(observed.back()));
  }
  if (std::ranges::none_of(observed,
                           [](const auto& one) { return one.closed_after.has_value(); })) {
    const bool disagree = std::ranges::any_of(observed, &model::ObservedKeepalive::of);
    return std::unexpected(
        Error{.what = fmt::format("--watch-backends: within {} no backend was seen to close idle "
                                  "connections{}",
                                  human_duration(report->duration),
                                  disagree ? " after times that agree" : ""),
              .hint = "watch for longer while they are in use, or give --backend-keepalive"});
  }
  return tune::keepalive_of(observed, std::nullopt);
}

}  // namespace tcptrace::cli
