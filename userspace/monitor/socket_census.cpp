// SPDX-License-Identifier: GPL-2.0
#include "monitor/socket_census.h"

#include <algorithm>
#include <bit>
#include <chrono>
#include <tuple>
#include <utility>

namespace tcptrace::monitor {
namespace {

using model::Family;
using model::Socket;
using model::SocketCensus;
using model::TcpState;
using std::chrono::milliseconds;

// The first `top` rows, the largest first.
template <typename Row, typename Before>
void keep_top(std::vector<Row>& rows, std::size_t top, const Before& before) {
  const auto kept = static_cast<std::ptrdiff_t>(std::min(top, rows.size()));
  std::ranges::partial_sort(rows, rows.begin() + kept, before);
  rows.erase(rows.begin() + kept, rows.end());
}

// A listener's queue by its share: an empty one with no limit is not full.
double fullness(const model::ListenerCount& listener) {
  return static_cast<double>(listener.backlog) / (static_cast<double>(listener.limit) + 1);
}

std::size_t state_index(TcpState state) {
  return static_cast<std::size_t>(state == TcpState::kNewSynRecv ? TcpState::kSynRecv : state);
}

// Not yet, or no longer, between two ends; TIME_WAIT and the like are what a port is held by.
bool is_connection(TcpState state) {
  return state != TcpState::kListen && state != TcpState::kClose;
}

}  // namespace

PortSettings port_settings(const model::Sysctls& sysctls) {
  return {.ports = model::local_ports(sysctls), .reuse = model::time_wait_reuse(sysctls)};
}

CensusBuilder::NetnsState& CensusBuilder::netns_state(std::uint32_t inode) {
  if (last_netns_ < namespaces_.size() && namespaces_[last_netns_].census.netns == inode) {
    return namespaces_[last_netns_];
  }
  const auto found = std::ranges::find(namespaces_, inode,
                                       [](const NetnsState& known) { return known.census.netns; });
  last_netns_ = static_cast<std::size_t>(found - namespaces_.begin());
  if (found == namespaces_.end()) {
    const auto settings = options_.settings.find(inode);
    namespaces_.push_back(
        {.census = {.netns = inode},
         .settings = settings == options_.settings.end() ? PortSettings{} : settings->second});
  }
  return namespaces_[last_netns_];
}

CensusBuilder::LocalKey CensusBuilder::local_key(const model::Connection& connection) {
  return {.address = connection.local,
          .netns = connection.netns,
          .port = connection.local_port,
          .family = static_cast<std::uint16_t>(connection.family)};
}

void CensusBuilder::add(const Socket& socket) {
  const model::Connection& connection = socket.connection;
  NetnsState& netns = netns_state(connection.netns);
  const std::size_t state = state_index(connection.state);
  ++census_.sockets;
  ++census_.states[state];
  ++netns.census.states[state];
  if (connection.state == TcpState::kListen) {
    add_listener(socket);
  } else if (is_connection(connection.state)) {
    add_connection(socket, netns);
  }
}

void CensusBuilder::add_listener(const Socket& socket) {
  const model::Connection& connection = socket.connection;
  listening_[local_key(connection)] = {};
  listener_inodes_.push_back(socket.inode);
  census_.listeners.push_back({.netns = connection.netns,
                               .family = connection.family,
                               .address = connection.local,
                               .port = connection.local_port,
                               .process = socket.owner.value_or(model::Process{}),
                               .backlog = socket.info ? socket.info->backlog : 0,
                               .limit = socket.info ? socket.info->backlog_limit : 0});
}

void CensusBuilder::add_connection(const Socket& socket, NetnsState& netns) {
  const model::Connection& connection = socket.connection;
  const auto family = static_cast<std::uint16_t>(connection.family);
  const TcpState state = connection.state;
  const std::uint64_t established = state == TcpState::kEstablished ? 1 : 0;
  const std::uint64_t syn_recv = state_index(state) == state_index(TcpState::kSynRecv) ? 1 : 0;
  PeerCounts& peer = peers_[{.address = connection.peer, .family = family}];
  ++peer.connections;
  peer.established += established;
  if (established != 0 && socket.info) {
    ++census_.rtt[static_cast<std::size_t>(std::bit_width(socket.info->rtt_us))];
  }
  if (netns.settings.ports.contains(connection.local_port)) {
    UseCounts& use = port_use_[{.local = connection.local,
                                .peer = connection.peer,
                                .netns = connection.netns,
                                .peer_port = connection.peer_port,
                                .family = family}];
    use.first_port = connection.local_port;
    use.syn_recv += syn_recv;
    ++(state == TcpState::kTimeWait ? use.time_wait : use.ports);
  } else {
    LocalCounts& local = local_[local_key(connection)];
    ++local.connections;
    local.syn_recv += syn_recv;
  }
  if (state == TcpState::kCloseWait) {
    close_wait_.push_back({.local = local_key(connection),
                           .peer = connection.peer,
                           .peer_port = connection.peer_port,
                           .pid = socket.owner ? socket.owner->pid : 0,
                           .inode = socket.inode,
                           .at_least_ms = socket.info ? socket.info->last_ack_recv_ms : 0,
                           .at_most_ms = socket.info ? socket.info->last_data_recv_ms : 0});
  }
  if (socket.owner) {
    add_owner(*socket.owner, state);
  } else if (socket.inode != 0) {
    unowned_.push_back({.inode = socket.inode, .state = state});
  }
}

void CensusBuilder::add_owner(const model::Process& owner, TcpState state) {
  if (owner.pid == 0) {
    return;
  }
  ProcessCounts& counts = owners_[{.pid = owner.pid}];
  if (counts.connections == 0) {
    counts.process = static_cast<std::uint32_t>(processes_.size());
    processes_.push_back(owner);
  }
  ++counts.connections;
  counts.established += state == TcpState::kEstablished ? 1 : 0;
  counts.close_wait += state == TcpState::kCloseWait ? 1 : 0;
}

void CensusBuilder::join(const model::SocketOwners& owners) {
  for (const Unowned& socket : unowned_) {
    if (const model::Process* const owner = owners.find(socket.inode)) {
      add_owner(*owner, socket.state);
    }
  }
  unowned_.clear();
  for (CloseWait& one : close_wait_) {
    const model::Process* const owner = one.pid == 0 ? owners.find(one.inode) : nullptr;
    one.pid = owner == nullptr ? one.pid : owner->pid;
  }
  for (std::size_t i = 0; i < listener_inodes_.size(); ++i) {
    model::ListenerCount& listener = census_.listeners[i];
    const model::Process* const owner =
        listener.process.pid == 0 ? owners.find(listener_inodes_[i]) : nullptr;
    listener.process = owner == nullptr ? listener.process : *owner;
  }
}

// One at the connection's own address goes before one at all addresses, and one at [::] has IPv4's
// too: as in inet_lookup_listener().
const CensusBuilder::LocalKey* CensusBuilder::listener_of(const LocalKey& end) {
  const auto any = [&](Family family) {
    return LocalKey{.address = {},
                    .netns = end.netns,
                    .port = end.port,
                    .family = static_cast<std::uint16_t>(family)};
  };
  for (const LocalKey& key : {end, any(static_cast<Family>(end.family)), any(Family::kIpv6)}) {
    if (const auto* const entry = listening_.find(key)) {
      return &entry->key;
    }
  }
  return nullptr;
}

std::optional<CensusBuilder::LocalKey> CensusBuilder::only_end(const UseKey& key,
                                                               const UseCounts& counts) {
  if (counts.ports + counts.time_wait != 1) {
    return std::nullopt;
  }
  return LocalKey{
      .address = key.local, .netns = key.netns, .port = counts.first_port, .family = key.family};
}

void CensusBuilder::finish_listeners(SocketCensus& census) {
  const auto add = [this](const LocalKey& end, const LocalCounts& counts) {
    if (const LocalKey* const listener = listener_of(end)) {
      LocalCounts& all = listening_[*listener];
      all.connections += counts.connections;
      all.syn_recv += counts.syn_recv;
    }
  };
  for (const auto& [key, counts] : local_.entries()) {
    add(key, counts);
  }
  for (const auto& [key, counts] : port_use_.entries()) {
    if (const auto end = only_end(key, counts)) {
      add(*end, {.connections = 1, .syn_recv = counts.syn_recv});
    }
  }
  for (model::ListenerCount& listener : census.listeners) {
    const LocalCounts& counts = listening_[{.address = listener.address,
                                            .netns = listener.netns,
                                            .port = listener.port,
                                            .family = static_cast<std::uint16_t>(listener.family)}];
    listener.connections = counts.connections;
    listener.syn_recv = counts.syn_recv;
  }
  std::ranges::stable_sort(census.listeners, [](const auto& a, const auto& b) {
    return std::tuple(fullness(b), b.connections, a.port) <
           std::tuple(fullness(a), a.connections, b.port);
  });
}

// Ports that the kernel chose, one for each connection, say nothing.
void CensusBuilder::finish_ports(SocketCensus& census) {
  struct Port {
    std::uint32_t netns;
    std::uint32_t number;
  };
  PodMap<Port, std::uint64_t> ports;
  for (const auto& [key, counts] : local_.entries()) {
    ports[{.netns = key.netns, .number = key.port}] += counts.connections;
  }
  for (const auto& [key, counts] : listening_.entries()) {
    if (counts.connections != 0 && netns_state(key.netns).settings.ports.contains(key.port)) {
      ports[{.netns = key.netns, .number = key.port}] += counts.connections;
    }
  }
  for (const auto& [port, connections] : ports.entries()) {
    census.local_ports.push_back({.netns = port.netns,
                                  .port = static_cast<std::uint16_t>(port.number),
                                  .connections = connections});
  }
  keep_top(census.local_ports, options_.top, [](const auto& a, const auto& b) {
    return std::tuple(b.connections, a.port, a.netns) < std::tuple(a.connections, b.port, b.netns);
  });
}

void CensusBuilder::finish_processes(SocketCensus& census) {
  for (const auto& [key, counts] : owners_.entries()) {
    const model::Process& process = processes_[counts.process];
    census.processes.push_back({.process = process,
                                .connections = counts.connections,
                                .established = counts.established,
                                .close_wait = counts.close_wait});
    if (process.cgroup == nullptr || process.cgroup->container.empty()) {
      continue;
    }
    const auto found = std::ranges::find(census.containers, process.cgroup->container,
                                         &model::ContainerCount::container);
    if (found != census.containers.end()) {
      found->connections += counts.connections;
    } else {
      census.containers.push_back({.container = process.cgroup->container,
                                   .runtime = process.cgroup->runtime,
                                   .connections = counts.connections});
    }
  }
  keep_top(census.processes, options_.top, [](const auto& a, const auto& b) {
    return std::tuple(b.connections, a.process.pid) < std::tuple(a.connections, b.process.pid);
  });
  keep_top(census.containers, options_.top, [](const auto& a, const auto& b) {
    return std::tie(b.connections, a.container) < std::tie(a.connections, b.container);
  });
}

// A listener's port in the range has connections that nobody chose a port for. With a peer's port
// of its own each is one entry.
void CensusBuilder::finish_port_use(SocketCensus& census) {
  for (const auto& [key, counts] : port_use_.entries()) {
    if (const auto end = only_end(key, counts); end && listener_of(*end) != nullptr) {
      continue;
    }
    const PortSettings& settings = netns_state(key.netns).settings;
    model::PortUse& use =
        census.port_use.emplace_back(model::PortUse{.netns = key.netns,
                                                    .family = static_cast<Family>(key.family),
                                                    .local = key.local,
                                                    .peer = key.peer,
                                                    .peer_port = key.peer_port,
                                                    .ports = counts.ports,
                                                    .time_wait = counts.time_wait,
                                                    .available = settings.ports.available()});
    use.reused = model::reuses_time_wait(settings.reuse, use);
  }
  keep_top(census.port_use, options_.top, [](const auto& a, const auto& b) {
    return std::tuple(ports_percent(b), a.peer, a.peer_port, a.local, a.netns) <
           std::tuple(ports_percent(a), b.peer, b.peer_port, b.local, b.netns);
  });
}

const model::Process* CensusBuilder::process(std::uint32_t pid) {
  const auto* const entry = owners_.find({.pid = pid});
  return entry == nullptr ? nullptr : &processes_[entry->value.process];
}

void CensusBuilder::finish_close_wait(SocketCensus& census) {
  struct Key {
    model::Address peer;
    std::uint32_t netns;
    std::uint32_t pid;
    std::uint32_t server;
    std::uint16_t port;
    std::uint16_t family;
  };
  struct Counts {
    std::uint64_t connections = 0;
    std::uint32_t at_least_ms = 0;
    std::uint32_t at_most_ms = 0;
  };
  static_assert(sizeof(Key) % sizeof(std::uint64_t) == 0);
  PodMap<Key, Counts> suspects;
  for (const CloseWait& one : close_wait_) {
    const bool server = listener_of(one.local) != nullptr;
    Counts& counts = suspects[{.peer = one.peer,
                               .netns = one.local.netns,
                               .pid = one.pid,
                               .server = server ? 1U : 0U,
                               .port = server ? one.local.port : one.peer_port,
                               .family = one.local.family}];
    ++counts.connections;
    counts.at_least_ms = std::max(counts.at_least_ms, one.at_least_ms);
    counts.at_most_ms = std::max(counts.at_most_ms, one.at_most_ms);
  }
  for (const auto& [key, counts] : suspects.entries()) {
    const model::Process* const owner = process(key.pid);
    census.close_wait.push_back({.netns = key.netns,
                                 .process = owner == nullptr ? model::Process{} : *owner,
                                 .family = static_cast<Family>(key.family),
                                 .peer = key.peer,
                                 .port = key.port,
                                 .server = key.server != 0,
                                 .connections = counts.connections,
                                 .at_least = milliseconds(counts.at_least_ms),
                                 .at_most = milliseconds(counts.at_most_ms)});
  }
  keep_top(census.close_wait, options_.top, [](const auto& a, const auto& b) {
    return std::tuple(b.connections, b.at_least, a.peer, a.port) <
           std::tuple(a.connections, a.at_least, b.peer, b.port);
  });
}

SocketCensus CensusBuilder::finish() {
  SocketCensus census = std::exchange(census_, {});
  finish_listeners(census);
  finish_ports(census);
  finish_processes(census);
  finish_port_use(census);
  finish_close_wait(census);
  for (const auto& [key, counts] : peers_.entries()) {
    census.peers.push_back({.family = static_cast<Family>(key.family),
                            .address = key.address,
                            .connections = counts.connections,
                            .established = counts.established});
  }
  keep_top(census.peers, options_.top, [](const auto& a, const auto& b) {
    return std::tuple(b.connections, a.family, a.address) <
           std::tuple(a.connections, b.family, b.address);
  });
  for (const NetnsState& netns : namespaces_) {
    census.namespaces.push_back(netns.census);
  }
  namespaces_.clear();
  last_netns_ = 0;
  local_.clear();
  listening_.clear();
  peers_.clear();
  port_use_.clear();
  owners_.clear();
  processes_.clear();
  close_wait_.clear();
  unowned_.clear();
  listener_inodes_.clear();
  return census;
}

}  // namespace tcptrace::monitor
