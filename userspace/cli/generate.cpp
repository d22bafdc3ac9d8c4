// SPDX-License-Identifier: GPL-2.0
#include "cli/generate.h"

#include <chrono>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/core.h>

#include "base/text.h"
#include "cli/backend_keepalive.h"
#include "cli/dump_words.h"
#include "model/balancer.h"
#include "sink/fd_sink.h"
#include "sink/sink.h"
#include "sink/whole_file.h"
#include "tune/balancer.h"

namespace tcptrace::cli {
namespace {

using Source = model::BackendKeepalive::Source;

constexpr std::chrono::hours kLongest(24);
constexpr int kNoInterrupt = -1;  // nothing blocks the signals by then

void say_what_is_not_known(const model::BalancerPlan& plan) {
  const model::BalancerRequest& request = plan.request;
  if (request.mode == model::BalancerMode::kHttp &&
      request.backend_keepalive.source == Source::kAssumed) {
    say(fmt::format("assumed that the backends keep an idle connection for {}; {}",
                    human_duration(request.backend_keepalive.value),
                    request.backend_keepalive.evidence.empty()
                        ? "give --backend-keepalive, --probe-backends or --watch-backends"
                        : "watch for longer, or give --backend-keepalive"));
  }
  if (request.kind == model::BalancerKind::kNginx &&
      request.health_check == model::HealthCheck::kHttp) {
    say("nginx does not check its backends by itself: --health-check is not used");
  }
}

// A program that reads it sees the old configuration or the new: half of one may be valid too.
Result<void> write_configuration(const GenerateOptions& options, std::string_view text) {
  if (options.output) {
    return sink::write_whole_file(*options.output, text, kNoInterrupt);
  }
  auto out = sink::open_stdout(kNoInterrupt);
  return out ? sink::write_out(**out, text) : std::unexpected(out.error());
}

}  // namespace

Result<void> run_generate(const GenerateOptions& options) {
  // Before the backends are asked, which takes minutes.
  if (options.output) {
    if (auto possible = sink::check_whole_file(*options.output); !possible) {
      return possible;
    }
  }
  model::BalancerRequest request = options.balancer;
  if (options.probe_backends || options.watch_backends) {
    // What no measurement can mend is refused before anybody waits for one.
    request.backend_keepalive.value = kLongest;
    const auto possible = tune::plan_balancer(request);
    if (!possible) {
      return std::unexpected(possible.error());
    }
    auto keepalive = options.watch_backends
                         ? watched_keepalive(request.backends, *options.watch_backends)
                         : probed_keepalive(*possible, options.probe_limit);
    if (!keepalive) {
      return std::unexpected(keepalive.error());
    }
    request.backend_keepalive = *std::move(keepalive);
  }
  const auto plan = tune::plan_balancer(request);
  if (!plan) {
    return std::unexpected(plan.error());
  }
  const std::string text = request.kind == model::BalancerKind::kHaproxy
                               ? tune::haproxy_config(*plan)
                               : tune::nginx_config(*plan);
  if (auto written = write_configuration(options, text); !written) {
    return written;
  }
  say_what_is_not_known(*plan);
  return {};
}

}  // namespace tcptrace::cli
