// SPDX-License-Identifier: GPL-2.0
#include "monitor/pool_fold.h"

#include <algorithm>

namespace tcptrace::monitor {

using model::Connection;
using model::PeerEndpoint;
using model::Pool;
using model::Socket;
using model::TcpState;
using std::chrono::duration_cast;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;

namespace {

// TCP_TIMEWAIT_LEN.
constexpr std::chrono::seconds kTimeWait{60};

PeerEndpoint peer_of(const Connection& connection) {
  return {.netns = connection.netns,
          .family = connection.family,
          .address = connection.peer,
          .port = connection.peer_port};
}

}  // namespace

PoolFold::PoolFold(const PoolSettings& settings)
    : settings_(settings), idle_closes_(duration_cast<milliseconds>(settings.interval)) {}

bool PoolFold::accepted_here(const Connection& connection) const {
  return connection.role == model::Role::kServer || connection.role == model::Role::kListener ||
         listeners_.contains({connection.netns, connection.local_port});
}

std::uint32_t PoolFold::pool_of(const Connection& connection, const model::Process* owner) {
  const PeerEndpoint peer = peer_of(connection);
  const std::uint32_t pid = owner == nullptr ? 0 : owner->pid;
  const auto known = index_.find({pid, peer});
  if (known != index_.end()) {
    return known->second;
  }
  if (rows_.size() >= settings_.max_pools) {
    ++not_pooled_;
    return kNoPool;
  }
  const auto number = static_cast<std::uint32_t>(rows_.size());
  index_.emplace(PoolKey(pid, peer), number);
  rows_of_peer_[peer].push_back(number);
  Row& row = rows_.emplace_back();
  row.pool.peer = peer;
  if (pid != 0) {
    row.pool.process = *owner;
    new_pids_.push_back(pid);
  }
  return number;
}

std::uint32_t PoolFold::only_pool_of(const PeerEndpoint& peer) const {
  const auto known = rows_of_peer_.find(peer);
  if (known == rows_of_peer_.end()) {
    return kNoPool;
  }
  std::uint32_t only = kNoPool;
  for (const std::uint32_t number : known->second) {
    const Row& row = rows_[number];
    const bool in_use = row.open_before + row.pool.now.open != 0;
    if (row.pool.process ? only != kNoPool : in_use) {
      return kNoPool;
    }
    only = row.pool.process ? number : only;
  }
  return only;
}

std::uint32_t PoolFold::pool_of_ended(const Connection& connection) {
  const std::uint32_t only = only_pool_of(peer_of(connection));
  return only != kNoPool || !settings_.unowned ? only : pool_of(connection, nullptr);
}

// The file tables are read beside the sockets: of one that was made meanwhile no owner is seen. It
// is most likely of the process that has others like it; else the next look tells.
std::uint32_t PoolFold::pool_of_open(const Socket& socket) {
  if (socket.owner) {
    return pool_of(socket.connection, &*socket.owner);
  }
  const model::ConnectionId id = id_of(socket.connection);
  if (const auto birth = births_.find(id); birth != births_.end()) {
    return birth->second.pool;
  }
  const std::uint32_t only = only_pool_of(peer_of(socket.connection));
  if (only != kNoPool && socket.info && rows_[only].pool.process->uid == socket.uid) {
    return only;
  }
  if (look_ > 1 && !unowned_before_.contains(id) && unowned_.size() < settings_.max_connections) {
    unowned_.insert(id);
    return kNoPool;
  }
  return pool_of(socket.connection, nullptr);
}

void PoolFold::adopt(Followed& one, const Socket& socket) {
  const std::uint32_t number = pool_of(socket.connection, &*socket.owner);
  if (number == kNoPool || number == one.pool) {
    return;
  }
  if (one.look != 0 && one.state != TcpState::kSynSent && !one.from_start && !settings_.traced) {
    --rows_[one.pool].pool.churn.opened;
    ++rows_[number].pool.churn.opened;
  }
  one.pool = number;
}

void PoolFold::begin_look(nanoseconds boot_time) {
  ++look_;
  before_ = std::exchange(now_, boot_time);
  first_look_ = look_ == 1 ? now_ : first_look_;
  time_wait_.clear();
  unowned_before_ = std::exchange(unowned_, {});
  for (Row& row : rows_) {
    row.open_before = row.pool.now.open;
    row.pool.now = {};
    row.pool.close_wait_age = {};
    row.idle.clear();
  }
}

void PoolFold::add(const Socket& socket) {
  const Connection& connection = socket.connection;
  if (connection.state == TcpState::kListen) {
    listeners_.emplace(connection.netns, connection.local_port);
    return;
  }
  if (look_ == 0 || accepted_here(connection) || connection.cookie == 0) {
    return;
  }
  switch (connection.state) {
    case TcpState::kSynSent:
    case TcpState::kEstablished:
    case TcpState::kCloseWait:
      look_at_open(socket);
      return;
    case TcpState::kTimeWait:
      ++time_wait_[peer_of(connection)];
      [[fallthrough]];
    case TcpState::kFinWait1:
    case TcpState::kFinWait2:
    case TcpState::kClosing:
    case TcpState::kLastAck:
      look_at_ended(socket);
      return;
    // Of servers, or of no connection.
    case TcpState::kUnknown:
    case TcpState::kSynRecv:
    case TcpState::kNewSynRecv:
    case TcpState::kClose:
    case TcpState::kListen:
      return;
  }
}

PoolFold::Followed* PoolFold::follow(const Socket& socket, std::uint32_t pool) {
  if (followed_.size() >= settings_.max_connections) {
    ++not_followed_;
    return nullptr;
  }
  Followed& one = followed_[id_of(socket.connection)];
  one.pool = pool;
  one.local_port = socket.connection.local_port;
  one.from_start = look_ == 1;
  one.opened = now_;
  return &one;
}

void PoolFold::look_at_open(const Socket& socket) {
  const auto known = followed_.find(id_of(socket.connection));
  Followed* one = nullptr;
  if (known != followed_.end()) {
    one = &known->second;
    if (socket.owner && one->pool != kNoPool && one->look != look_) {
      adopt(*one, socket);
    }
  } else {
    const std::uint32_t pool = pool_of_open(socket);
    one = pool == kNoPool ? nullptr : follow(socket, pool);
  }
  // Twice in one look: it changed its place in the kernel's table meanwhile.
  if (one != nullptr && one->look != look_ && one->pool != kNoPool) {
    update(*one, socket);
  }
}

void PoolFold::update(Followed& one, const Socket& socket) {
  const TcpState before = std::exchange(one.state, socket.connection.state);
  const bool first = one.look == 0;
  one.look = look_;
  one.seen = std::max(socket.boot_time, now_);
  Pool& pool = rows_[one.pool].pool;
  if (one.state == TcpState::kSynSent) {
    ++pool.now.connecting;
    one.from_start = false;
    return;
  }
  if (first || before == TcpState::kSynSent) {
    count_opened(one, socket);
  }
  if (socket.info) {
    const model::TcpInfo& info = *socket.info;
    one.sent |= !first && info.bytes_sent > one.bytes_sent;
    one.received |= !first && info.bytes_received > one.bytes_received;
    one.bytes_sent = info.bytes_sent;
    one.bytes_received = info.bytes_received;
    one.seen_use = use_of(info, one.seen_use);
    one.last_data = one.seen - idle_of(info);
  }
  if (one.state == TcpState::kCloseWait) {
    note_close_wait(one, socket);
    return;
  }
  ++pool.now.open;
  if (one.use() == PoolUse::kIdle) {
    const milliseconds idle = socket.info ? idle_of(*socket.info) : milliseconds{};
    ++pool.now.idle;
    rows_[one.pool].idle.emplace_back(idle);
    // Servers allow a connection another time for its first request.
    if (one.bytes_sent != 0) {
      pool.longest_idle = std::max(pool.longest_idle, idle);
    }
  } else {
    ++pool.now.busy;
    pool.now.waiting += one.use() == PoolUse::kWaiting ? 1 : 0;
  }
}

void PoolFold::count_opened(Followed& one, const Socket& socket) {
  const auto birth = births_.find(id_of(socket.connection));
  one.opened = birth == births_.end() ? one.seen : birth->second.at;
  if (!one.from_start && !settings_.traced) {
    ++rows_[one.pool].pool.churn.opened;
  }
}

// The peer's FIN carried an ACK; where none has come since, that was the time of the FIN. Where
// keep-alive probes are answered it was earlier: the age is one at least, and the idle time
// unknown.
void PoolFold::note_close_wait(Followed& one, const Socket& socket) {
  Pool& pool = rows_[one.pool].pool;
  ++pool.now.close_wait;
  const bool news = one.peer_closed == nanoseconds{};
  if (news) {
    one.peer_closed = now_;
  }
  milliseconds age = duration_cast<milliseconds>(now_ - one.peer_closed);
  if (socket.info) {
    const milliseconds since_ack(socket.info->last_ack_recv_ms);
    const milliseconds since_data = idle_of(*socket.info);
    age = std::max(age, since_ack);
    if (news && one.bytes_sent != 0 && !socket.info->keepalive && since_data > since_ack) {
      tell_idle_close(one.pool, since_data - since_ack, false);
      one.idle_told = true;
    }
  }
  one.close_wait_age = std::max(one.close_wait_age, age);
  pool.close_wait_age = std::max(pool.close_wait_age, one.close_wait_age);
}

void PoolFold::tell_idle_close(std::uint32_t number, nanoseconds idle, bool presumed) {
  Pool& pool = rows_[number].pool;
  const auto time = duration_cast<milliseconds>(idle);
  idle_closes_.add(pool.peer, time, presumed);
  pool.longest_idle = std::max(pool.longest_idle, time);
}

void PoolFold::look_at_ended(const Socket& socket) {
  const bool last_ack = socket.connection.state == TcpState::kLastAck;
  const auto known = followed_.find(id_of(socket.connection));
  if (known != followed_.end()) {
    Followed& one = known->second;
    one.look = look_;
    if (!one.ended) {
      end(one, last_ack ? Closer::kPeer : Closer::kHere);
    }
    return;
  }
  // What ended before the first look is nobody's any more, but is not news in the next one.
  const std::uint32_t pool =
      look_ == 1 || settings_.traced ? kNoPool : pool_of_ended(socket.connection);
  Followed* one = follow(socket, pool);
  if (one == nullptr) {
    return;
  }
  one->look = look_;
  one->ended = true;
  if (pool != kNoPool) {
    one->opened = before_;
    ++rows_[pool].pool.churn.opened;
    end(*one, last_ack ? Closer::kPeer : Closer::kHere);
  }
}

void PoolFold::end(Followed& one, Closer closer) {
  one.ended = true;
  if (one.pool == kNoPool) {
    return;
  }
  Row& row = rows_[one.pool];
  if (one.state == TcpState::kCloseWait) {
    ++row.pool.close_wait_left;
    closer = Closer::kPeer;
  }
  if (settings_.traced || one.state == TcpState::kSynSent) {
    return;
  }
  model::PoolChurn& churn = row.pool.churn;
  ++churn.closed;
  churn.closed_here += closer == Closer::kHere ? 1 : 0;
  churn.closed_by_peer += closer == Closer::kPeer ? 1 : 0;
  if (!one.from_start) {
    row.lifetimes.add(now_ - one.opened);
  }
}

// Gone, and not in TIME_WAIT: this side has not closed it first, unless it reset it, or TIME_WAIT
// has come and gone since.
void PoolFold::end_unseen(Followed& one) {
  const bool was_idle =
      one.state == TcpState::kEstablished && one.use() == PoolUse::kIdle && one.bytes_sent != 0;
  const nanoseconds idle = now_ - (now_ - before_) / 2 - one.last_data;
  const bool time_wait_is_over = now_ - one.seen >= kTimeWait;
  if (was_idle && !settings_.traced && !time_wait_is_over && idle >= PeerIdleCloses::kShortest) {
    tell_idle_close(one.pool, idle, true);
  }
  end(one, Closer::kUnknown);
}

void PoolFold::end_look(bool complete) {
  for (auto it = followed_.begin(); it != followed_.end();) {
    Followed& one = it->second;
    if (one.look == look_ || !complete) {
      ++it;
      continue;
    }
    if (!one.ended && one.pool != kNoPool) {
      if (!listeners_.contains({it->first.netns, one.local_port})) {
        end_unseen(one);
      } else if (!one.from_start && !settings_.traced) {
        // Somebody has begun to listen on its port after it was first seen.
        --rows_[one.pool].pool.churn.opened;
      }
    }
    it = followed_.erase(it);
  }
  for (Row& row : rows_) {
    end_look_of(row);
  }
}

void PoolFold::end_look_of(Row& row) {
  Pool& pool = row.pool;
  const std::uint64_t open = pool.now.open;
  if (!row.looked_at) {
    row.looked_at = true;
    pool.open_first = pool.open_min = pool.open_max = open;
    pool.close_wait_first = look_ == 1 ? pool.now.close_wait : 0;
  } else {
    pool.open_min = std::min(pool.open_min, open);
    pool.open_max = std::max(pool.open_max, open);
    pool.grown_looks += open > row.open_before ? 1 : 0;
    pool.shrunk_looks += open < row.open_before ? 1 : 0;
    pool.still_looks = open > row.open_before ? 0 : pool.still_looks + 1;
  }
  if (open != 0) {
    pool.first_look = pool.looks++ == 0 ? now_ : pool.first_look;
    pool.last_look = now_;
    pool.busy_looks += pool.now.idle == 0 ? 1 : 0;
  }
}

}  // namespace tcptrace::monitor
