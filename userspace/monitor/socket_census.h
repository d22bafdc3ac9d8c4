// SPDX-License-Identifier: GPL-2.0
// Counts the sockets of a dump as they come, by the million: what stays is as much as there are
// different ends, not sockets.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "model/local_ports.h"
#include "model/socket.h"
#include "model/socket_census.h"
#include "model/socket_owners.h"
#include "model/time_wait.h"
#include "monitor/pod_map.h"

namespace tcptrace::monitor {

// What the settings of a network namespace say of the ports of its connections.
struct PortSettings {
  model::LocalPorts ports{};
  model::TimeWaitReuse reuse = model::TimeWaitReuse::kLoopback;
};
[[nodiscard]] PortSettings port_settings(const model::Sysctls& sysctls);

struct CensusOptions {
  std::size_t top = 10;                              // rows of each table but the listeners
  std::map<std::uint32_t, PortSettings> settings{};  // by network namespace; others: the default
};

class CensusBuilder {
 public:
  explicit CensusBuilder(CensusOptions options) : options_(std::move(options)) {}

  void add(const model::Socket& socket);

  // Whose are the sockets that were added without an owner.
  void join(const model::SocketOwners& owners);

  // Of what was added since the last time; the next one begins from nothing, in the same memory.
  [[nodiscard]] model::SocketCensus finish();

 private:
  // The ends of connections as the maps have them, without padding.
  struct LocalKey {
    model::Address address;
    std::uint32_t netns;
    std::uint16_t port;
    std::uint16_t family;
  };
  struct PeerKey {
    model::Address address;
    std::uint64_t family;
  };
  struct UseKey {
    model::Address local;
    model::Address peer;
    std::uint32_t netns;
    std::uint16_t peer_port;
    std::uint16_t family;
  };
  struct ProcessKey {
    std::uint64_t pid;
  };
  struct LocalCounts {
    std::uint64_t connections = 0;
    std::uint64_t syn_recv = 0;
  };
  struct PeerCounts {
    std::uint64_t connections = 0;
    std::uint64_t established = 0;
  };
  struct UseCounts {
    std::uint64_t ports = 0;
    std::uint64_t time_wait = 0;
    std::uint64_t syn_recv = 0;
    std::uint16_t first_port = 0;
  };
  struct ProcessCounts {
    std::uint32_t process = 0;  // its place in processes_
    std::uint64_t connections = 0;
    std::uint64_t established = 0;
    std::uint64_t close_wait = 0;
  };
  struct NetnsState {
    model::NetnsCensus census{};
    PortSettings settings{};
  };
  // A connection in CLOSE_WAIT: whether it was accepted is known when all listeners are.
  struct CloseWait {
    LocalKey local;
    model::Address peer;
    std::uint16_t peer_port = 0;
    std::uint32_t pid = 0;
    std::uint64_t inode = 0;
    std::uint32_t at_least_ms = 0;
    std::uint32_t at_most_ms = 0;
  };

  // A connection whose owner is not yet known.
  struct Unowned {
    std::uint64_t inode = 0;
    model::TcpState state = model::TcpState::kUnknown;
  };

  [[nodiscard]] NetnsState& netns_state(std::uint32_t inode);
  [[nodiscard]] static LocalKey local_key(const model::Connection& connection);
  void add_listener(const model::Socket& socket);
  void add_connection(const model::Socket& socket, NetnsState& netns);
  void add_owner(const model::Process& owner, model::TcpState state);

  // The address and port of the listener that accepts at this end; null: none does.
  [[nodiscard]] const LocalKey* listener_of(const LocalKey& end);
  // The own end of the connection, if it is one.
  [[nodiscard]] static std::optional<LocalKey> only_end(const UseKey& key, const UseCounts& counts);
  void finish_listeners(model::SocketCensus& census);
  void finish_ports(model::SocketCensus& census);
  void finish_processes(model::SocketCensus& census);
  void finish_port_use(model::SocketCensus& census);
  void finish_close_wait(model::SocketCensus& census);
  [[nodiscard]] const model::Process* process(std::uint32_t pid);

  CensusOptions options_;
  model::SocketCensus census_;
  std::vector<NetnsState> namespaces_;
  std::size_t last_netns_ = 0;
  // A connection is in one of the two: by its own end, or, where the kernel may have chosen its
  // port, by all else. An entry of one connection of port_use_ knows its own end too.
  PodMap<LocalKey, LocalCounts> local_;
  PodMap<UseKey, UseCounts> port_use_;
  PodMap<LocalKey, LocalCounts> listening_;  // with the connections of that end
  PodMap<PeerKey, PeerCounts> peers_;
  PodMap<ProcessKey, ProcessCounts> owners_;
  std::vector<model::Process> processes_;
  std::vector<CloseWait> close_wait_;
  std::vector<Unowned> unowned_;
  std::vector<std::uint64_t> listener_inodes_;  // of census_.listeners
};

}  // namespace tcptrace::monitor
