// SPDX-License-Identifier: GPL-2.0
// Follows the connections that processes have opened, from look to look at all sockets, and what a
// tracer tells of their ends in between. Pure: time is that of the looks and events.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/latest.h"
#include "model/event.h"
#include "model/pool.h"
#include "model/sample.h"
#include "model/socket.h"
#include "monitor/peer_idle_closes.h"
#include "monitor/pool_use.h"

namespace tcptrace::monitor {

struct PoolSettings {
  std::chrono::nanoseconds interval = std::chrono::seconds(1);
  // Opens and ends come as events; the looks tell what is open.
  bool traced = false;
  // What nobody's process is known of makes pools too.
  bool unowned = true;
  std::size_t max_connections = 1U << 18;
  std::size_t max_pools = 1U << 14;
};

class PoolFold {
 public:
  explicit PoolFold(const PoolSettings& settings);

  // A look: sockets of any state, in any order, each once. Those in LISTEN tell which connections
  // were accepted here; best they are added before the first look begins too.
  void begin_look(std::chrono::nanoseconds boot_time);
  void add(const model::Socket& socket);
  // Not complete: what was not seen may still be there.
  void end_look(bool complete);

  // Of the tracer: connect, state and close events, in order.
  void note(const model::Event& event);

  // Processes that have come since the last call: whoever can says what they run on.
  [[nodiscard]] std::vector<std::uint32_t> new_processes() { return std::exchange(new_pids_, {}); }
  void set_runtime(std::uint32_t pid, model::RuntimeKind kind) { runtimes_[pid] = kind; }

  // So many ports of a namespace are given to connections that ask for none.
  void set_local_ports(std::uint32_t netns, std::uint32_t count) { local_ports_[netns] = count; }

  // Without what only the caller knows: how it ended, where it came from, what was lost.
  [[nodiscard]] model::PoolReport report() const;

 private:
  using PoolKey = std::pair<std::uint32_t, model::PeerEndpoint>;  // pid
  static constexpr std::uint32_t kNoPool = UINT32_MAX;

  struct Row {
    model::Pool pool;                            // what is counted as it comes
    std::vector<std::chrono::nanoseconds> idle;  // in this look
    Latest<std::chrono::nanoseconds> lifetimes;
    std::uint64_t open_before = 0;
    bool looked_at = false;  // in a look before this one
  };
  struct Followed {
    std::uint32_t pool = kNoPool;
    std::uint64_t look = 0;  // the last one that saw it
    std::uint16_t local_port = 0;
    model::TcpState state = model::TcpState::kUnknown;
    std::optional<SeenUse> seen_use{};
    bool from_start = false;  // it was there before the first look
    bool ended = false;       // what is left of it is known
    bool idle_told = false;   // how long it was idle when the peer closed
    bool sent = false;        // data went out while it was followed
    bool received = false;
    std::chrono::nanoseconds opened{};
    std::chrono::nanoseconds seen{};  // when it was read last
    std::chrono::nanoseconds last_data{};
    std::chrono::nanoseconds peer_closed{};  // when CLOSE_WAIT was first seen
    std::chrono::milliseconds close_wait_age{};
    std::uint64_t bytes_sent = 0;
    std::uint64_t bytes_received = 0;

    [[nodiscard]] PoolUse use() const { return seen_use ? seen_use->use : PoolUse::kIdle; }
  };
  // A connection of which events told that it was opened.
  struct Birth {
    std::uint32_t pool = kNoPool;
    std::chrono::nanoseconds at{};
  };
  // The end of a connection that events tell of.
  struct Ending {
    std::optional<std::chrono::nanoseconds> peer_closed{};
    bool counted = false;
  };
  struct IdHash {
    std::size_t operator()(const model::ConnectionId& id) const {
      return std::hash<std::uint64_t>()(id.cookie * 31 + id.netns);
    }
  };
  enum class Closer : std::uint8_t { kUnknown, kHere, kPeer };

  [[nodiscard]] static model::ConnectionId id_of(const model::Connection& connection) {
    return {.cookie = connection.cookie, .netns = connection.netns};
  }
  [[nodiscard]] bool accepted_here(const model::Connection& connection) const;
  std::uint32_t pool_of(const model::Connection& connection, const model::Process* owner);
  // The only process that talks to this peer, as far as anybody can tell; else kNoPool.
  [[nodiscard]] std::uint32_t only_pool_of(const model::PeerEndpoint& peer) const;
  // Of a connection that nobody holds any more.
  std::uint32_t pool_of_ended(const model::Connection& connection);
  // kNoPool too where it is to be asked again in the next look.
  std::uint32_t pool_of_open(const model::Socket& socket);
  void adopt(Followed& one, const model::Socket& socket);
  Followed* follow(const model::Socket& socket, std::uint32_t pool);
  void look_at_open(const model::Socket& socket);
  void look_at_ended(const model::Socket& socket);
  void update(Followed& one, const model::Socket& socket);
  void note_close_wait(Followed& one, const model::Socket& socket);
  void count_opened(Followed& one, const model::Socket& socket);
  void end(Followed& one, Closer closer);
  void end_unseen(Followed& one);
  void end_look_of(Row& row);
  void tell_idle_close(std::uint32_t pool, std::chrono::nanoseconds idle, bool presumed);

  void note_connect(const model::Event& event);
  void note_state(const model::Event& event);
  void note_close(const model::Event& event);
  void count_end(const model::Event& event, Closer closer, Ending& ending);

  // What is told of a pool's connections one by one.
  struct Ages {
    std::vector<std::chrono::nanoseconds> values;
    bool at_least = false;
  };
  void look_at_each(std::vector<model::Pool>& pools, std::vector<Ages>& ages) const;
  [[nodiscard]] bool unreturned(const Followed& one) const;

  PoolSettings settings_;
  std::uint64_t look_ = 0;
  std::chrono::nanoseconds first_look_{};
  std::chrono::nanoseconds now_{};                               // when this look began
  std::chrono::nanoseconds before_{};                            // when the one before did
  std::set<std::pair<std::uint32_t, std::uint16_t>> listeners_;  // netns, port
  std::vector<Row> rows_;
  std::map<PoolKey, std::uint32_t> index_;
  std::map<model::PeerEndpoint, std::vector<std::uint32_t>> rows_of_peer_;
  std::map<model::PeerEndpoint, std::uint64_t> time_wait_;
  std::unordered_map<model::ConnectionId, Followed, IdHash> followed_;
  std::unordered_map<model::ConnectionId, Birth, IdHash> births_;
  std::unordered_map<model::ConnectionId, Ending, IdHash> endings_;
  std::unordered_set<model::ConnectionId, IdHash> unowned_, unowned_before_;  // new in a look
  PeerIdleCloses idle_closes_;
  std::map<std::uint32_t, model::RuntimeKind> runtimes_;
  std::map<std::uint32_t, std::uint32_t> local_ports_;
  std::vector<std::uint32_t> new_pids_;
  std::uint64_t not_followed_ = 0;
  std::uint64_t not_pooled_ = 0;
};

}  // namespace tcptrace::monitor
