// SPDX-License-Identifier: GPL-2.0
#include "stress/load_plan.h"

#include <netinet/in.h>
#include <sched.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <iterator>
#include <utility>

#include <fmt/core.h>

#include "base/text.h"
#include "base/unique_fd.h"
#include "stress/http_text.h"

namespace tcptrace::stress {
namespace {

using model::Family;
using model::LoadOptions;
using model::LoadWork;

constexpr std::uint32_t kDefaultConnections = 64;
constexpr std::uint32_t kMaxConnections = 1U << 20;

std::uint32_t processors() {
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  const bool known = ::sched_getaffinity(0, sizeof(allowed), &allowed) == 0;
  return known ? static_cast<std::uint32_t>(CPU_COUNT(&allowed)) : 1;
}

SocketAddress source_address(Family family, const model::Address& address) {
  SocketAddress source;
  if (family == Family::kIpv4) {
    auto& v4 = reinterpret_cast<sockaddr_in&>(source.storage);
    v4.sin_family = AF_INET;
    std::memcpy(&v4.sin_addr, address.bytes.data(), sizeof(v4.sin_addr));
    source.size = sizeof(v4);
  } else {
    auto& v6 = reinterpret_cast<sockaddr_in6&>(source.storage);
    v6.sin6_family = AF_INET6;
    std::memcpy(&v6.sin6_addr, address.bytes.data(), sizeof(v6.sin6_addr));
    source.size = sizeof(v6);
  }
  return source;
}

// The next address, its bytes being one big-endian number of `size`.
void increment(model::Address& address, std::size_t size) {
  while (size-- > 0 && ++address.bytes[size] == 0) {
  }
}

Result<void> check_ours(const SocketAddress& source) {
  const UniqueFd fd(::socket(source.family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd.valid()) {
    return std::unexpected(system_error("cannot make a socket", errno));
  }
  if (::bind(fd.get(), source.get(), source.size) != 0) {
    const int failure = errno;
    return std::unexpected(
        usage_error(fmt::format("--source: {}: {}", host_text(source), std::strerror(failure)),
                    failure == EADDRNOTAVAIL ? "give addresses of this host: see ip address" : ""));
  }
  return {};
}

Result<std::vector<SocketAddress>> find_sources(const LoadOptions& options) {
  std::vector<SocketAddress> sources;
  for (const model::Prefix& prefix : options.sources) {
    auto some = addresses_of(prefix);
    if (!some) {
      return some;
    }
    for (const SocketAddress& source : *some) {
      if (auto checked = check_ours(source); !checked) {
        return std::unexpected(checked.error());
      }
    }
    std::ranges::move(*some, std::back_inserter(sources));
  }
  return sources;
}

Result<std::vector<LoadRoute>> find_routes(const LoadOptions& options) {
  auto addresses = resolve(options.target, options.family);
  if (!addresses) {
    return std::unexpected(addresses.error());
  }
  auto sources = find_sources(options);
  if (!sources) {
    return std::unexpected(sources.error());
  }
  std::vector<LoadRoute> routes;
  for (const SocketAddress& peer : *addresses) {
    LoadRoute route{.peer = peer, .sources = {}};
    std::ranges::copy_if(*sources, std::back_inserter(route.sources),
                         [&](const SocketAddress& s) { return s.family() == peer.family(); });
    if (sources->empty() || !route.sources.empty()) {
      routes.push_back(std::move(route));
    }
  }
  if (routes.empty()) {
    return std::unexpected(usage_error(
        fmt::format("--source: no address of the family of {}", to_text(addresses->front()))));
  }
  return routes;
}

std::uint32_t connections_at_once(const LoadOptions& options) {
  if (options.connections) {
    return *options.connections;
  }
  if (!options.rate) {
    return kDefaultConnections;
  }
  // As many as the slowest that is no failure leaves open.
  const std::chrono::duration<double> longest = options.hold + options.connect_timeout;
  return static_cast<std::uint32_t>(std::clamp(std::ceil(*options.rate * longest.count()),
                                               double{kDefaultConnections},
                                               double{kMaxConnections}));
}

// What an echo server is sent, and has to send back.
std::string echo_payload(std::size_t bytes) {
  // A period that no buffer size is a multiple of, so that bytes in the wrong place are noticed.
  constexpr std::size_t kPeriod = 251;
  std::string payload(bytes, '\0');
  for (std::size_t i = 0; i < bytes; ++i) {
    payload[i] = static_cast<char>(i % kPeriod);
  }
  return payload;
}

}  // namespace

Result<std::vector<SocketAddress>> addresses_of(const model::Prefix& prefix) {
  const std::size_t size = prefix.family == Family::kIpv4 ? 4 : 16;
  const std::size_t host_bits = size * 8 - prefix.length;
  if (host_bits >= 64 || (std::size_t{1} << host_bits) > kMaxSources) {
    return std::unexpected(usage_error(fmt::format("--source: more than {} addresses", kMaxSources),
                                       "give a longer prefix"));
  }
  std::size_t count = std::size_t{1} << host_bits;
  model::Address address = prefix.address;
  if (prefix.family == Family::kIpv4 && count > 2) {
    count -= 2;
    increment(address, size);
  }
  std::vector<SocketAddress> addresses;
  addresses.reserve(count);
  for (; addresses.size() < count; increment(address, size)) {
    addresses.push_back(source_address(prefix.family, address));
  }
  return addresses;
}

Result<LoadPlan> make_plan(const LoadOptions& options) {
  auto routes = find_routes(options);
  if (!routes) {
    return std::unexpected(routes.error());
  }
  LoadPlan plan{
      .options = options, .routes = std::move(*routes), .request = {}, .last_request = {}};
  plan.connections = static_cast<std::uint32_t>(std::min<std::uint64_t>(
      connections_at_once(options), options.total.value_or(kMaxConnections)));
  plan.threads = std::min(options.threads.value_or(processors()), plan.connections);
  if (options.work == LoadWork::kEcho) {
    plan.request = plan.last_request = echo_payload(options.payload_bytes);
  } else if (options.work == LoadWork::kHttp) {
    plan.request = http_get(options.target, options.path, false);
    // The server would close what is to be held.
    plan.last_request = http_get(options.target, options.path, options.hold.count() == 0);
  }
  return plan;
}

}  // namespace tcptrace::stress
