// SPDX-License-Identifier: GPL-2.0
#include "monitor/saturation.h"

#include <algorithm>
#include <functional>
#include <string>

#include <fmt/core.h>

#include "model/tuple.h"

namespace tcptrace::monitor {
namespace {

using model::SocketCensus;

std::string place(std::string name, std::uint32_t netns, std::uint32_t own) {
  return netns == own ? std::move(name) : fmt::format("{} in netns {}", name, netns);
}

}  // namespace

std::vector<Observed> observed_ports(const SocketCensus& census, std::uint32_t own) {
  std::vector<Observed> observed;
  for (const model::PortUse& use : census.port_use) {
    std::string name = fmt::format("{} -> {}", model::address_text(use.family, use.local),
                                   model::endpoint_text(use.family, use.peer, use.peer_port));
    observed.push_back({.subject = place(std::move(name), use.netns, own),
                        .value = model::ports_percent(use),
                        .netns = use.netns});
  }
  return observed;
}

std::vector<Observed> observed_listeners(const SocketCensus& census, std::uint32_t own) {
  std::vector<Observed> observed;
  for (const model::ListenerCount& listener : census.listeners) {
    std::string name = model::endpoint_text(listener.family, listener.address, listener.port);
    observed.push_back({.subject = place(std::move(name), listener.netns, own),
                        .value = model::backlog_percent(listener),
                        .netns = listener.netns});
  }
  // Those that share a port (SO_REUSEPORT) have one name: the fullest speaks for them.
  std::ranges::stable_sort(observed, std::ranges::greater{}, &Observed::value);
  return observed;
}

}  // namespace tcptrace::monitor
