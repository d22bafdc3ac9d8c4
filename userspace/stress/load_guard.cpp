// SPDX-License-Identifier: GPL-2.0
#include "stress/load_guard.h"

#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/core.h>

#include "base/text.h"

namespace tcptrace::stress {
namespace {

using model::LoadLimits;

// What a process that makes connections opens besides: its output, what its libraries read, with
// room.
constexpr std::uint64_t kOtherFiles = 24;
constexpr const char* kMorePorts =
    "give more --source addresses, or widen net.ipv4.ip_local_port_range";

std::string warning(std::string_view what, std::string_view hint) {
  return fmt::format("{}; {}", what, hint);
}

bool stays_here(const LoadPlan& plan) {
  return std::ranges::all_of(plan.routes,
                             [](const LoadRoute& route) { return route.peer.is_loopback(); });
}

// Pairs of a local address and a port: each can be connected to the target once.
std::uint64_t pairs(const LoadPlan& plan, const LoadLimits& limits) {
  return limits.ports * std::max<std::uint64_t>(plan.routes.front().sources.size(), 1);
}

Result<void> fit(LoadPlan& plan, std::uint64_t room, const Error& otherwise) {
  if (plan.connections <= room) {
    return {};
  }
  if (plan.options.connections || room == 0) {
    return std::unexpected(otherwise);
  }
  plan.connections = static_cast<std::uint32_t>(room);
  plan.threads = std::min(plan.threads, plan.connections);
  return {};
}

Result<void> check_files(LoadPlan& plan, const LoadLimits& limits) {
  const std::uint64_t other = limits.files_open + kOtherFiles + plan.threads;
  const std::uint64_t room = limits.open_files > other ? limits.open_files - other : 0;
  return fit(plan, room,
             usage_error(fmt::format("--connections: {} at once need {} open files, and this "
                                     "process may have {}",
                                     grouped(plan.connections), grouped(plan.connections + other),
                                     grouped(limits.open_files)),
                         fmt::format("give at most {}, or raise the limit with ulimit -Hn",
                                     grouped(room))));
}

Result<void> check_ports(LoadPlan& plan, const LoadLimits& limits) {
  const std::uint64_t room = pairs(plan, limits);
  return fit(plan, room,
             usage_error(fmt::format("--connections: {} at once need as many local ports, and "
                                     "there are {}",
                                     grouped(plan.connections), grouped(room)),
                         kMorePorts));
}

// Who closes first keeps the port for a minute.
bool closes_first(const model::LoadOptions& options) {
  return options.close != model::CloseStyle::kRst &&
         (options.work != model::LoadWork::kHttp || options.hold.count() != 0);
}

// New connections a second that this can come to; empty: nobody knows.
std::optional<double> lasting_rate(const LoadPlan& plan) {
  const model::LoadOptions& options = plan.options;
  if (options.hold.count() == 0) {
    return options.rate;
  }
  const double held = plan.connections / std::chrono::duration<double>(options.hold).count();
  return std::min(options.rate.value_or(held), held);
}

std::optional<std::string> time_wait_warning(const LoadPlan& plan, const LoadLimits& limits) {
  const model::LoadOptions& options = plan.options;
  if (!closes_first(options)) {
    return std::nullopt;
  }
  const std::uint64_t room = pairs(plan, limits);
  const bool reused =
      limits.time_wait_reuse == model::TimeWaitReuse::kAlways ||
      (limits.time_wait_reuse == model::TimeWaitReuse::kLoopback && stays_here(plan));
  const double seconds = reused ? 1 : 60;
  const double lasting = static_cast<double>(room) / seconds;
  const bool few = options.total && *options.total <= room;
  if (few || lasting_rate(plan).value_or(lasting + 1) <= lasting) {
    return std::nullopt;
  }
  return warning(fmt::format("a closed connection keeps its port for {} s (TIME_WAIT): {} ports "
                             "last for {} connections/s, beyond that connect fails with "
                             "EADDRNOTAVAIL",
                             seconds, grouped(room), grouped(static_cast<std::uint64_t>(lasting))),
                 fmt::format("use --close rst, {}", kMorePorts));
}

std::optional<std::string> queue_warning(const LoadPlan& plan, const LoadLimits& limits) {
  // At a rate they do not come at once.
  if (!limits.somaxconn || !stays_here(plan) || plan.options.rate ||
      plan.connections <= *limits.somaxconn) {
    return std::nullopt;
  }
  return warning(fmt::format("no accept queue on this machine holds more than {} connections "
                             "(net.core.somaxconn), and {} may come at once",
                             grouped(*limits.somaxconn), grouped(plan.connections)),
                 "raise it together with the server's backlog, or give a --rate");
}

std::optional<std::string> conntrack_warning(const LoadPlan& plan, const LoadLimits& limits) {
  // nf_conntrack_tcp_timeout_time_wait
  constexpr double kRemembered = 120;
  if (!limits.conntrack_max) {
    return std::nullopt;
  }
  const double made = lasting_rate(plan).value_or(0) * kRemembered;
  const auto known = static_cast<std::uint64_t>(made) + plan.connections;
  const std::uint64_t wanted =
      std::min(known, plan.options.total.value_or(known)) + limits.conntrack_count;
  if (wanted <= *limits.conntrack_max) {
    return std::nullopt;
  }
  return warning(fmt::format("connections are tracked, {} of {} already, and some {} are to come: "
                             "the firewall will drop those beyond",
                             grouped(limits.conntrack_count), grouped(*limits.conntrack_max),
                             grouped(wanted - limits.conntrack_count)),
                 "raise net.netfilter.nf_conntrack_max");
}

}  // namespace

Result<void> check_permission(const LoadPlan& plan, bool allowed) {
  const auto& rate = plan.options.rate;
  if (allowed || stays_here(plan) || (rate && *rate <= kFreeRate)) {
    return {};
  }
  const std::string hint =
      fmt::format("give a --rate up to {}, or --yes if you may load it so", kFreeRate);
  const std::string peer = to_text(plan.routes.front().peer);
  if (rate) {
    return std::unexpected(usage_error(
        fmt::format("--rate: {} connections/s to {}, which is not loopback", *rate, peer), hint));
  }
  return std::unexpected(usage_error(
      fmt::format("as many connections/s as possible to {}, which is not loopback", peer), hint));
}

Result<std::vector<std::string>> check_limits(LoadPlan& plan, const LoadLimits& limits) {
  for (const auto& check : {check_files, check_ports}) {
    if (auto checked = check(plan, limits); !checked) {
      return std::unexpected(checked.error());
    }
  }
  std::vector<std::string> warnings;
  for (const auto& look : {time_wait_warning, queue_warning, conntrack_warning}) {
    if (auto found = look(plan, limits)) {
      warnings.push_back(*std::move(found));
    }
  }
  return warnings;
}

}  // namespace tcptrace::stress
