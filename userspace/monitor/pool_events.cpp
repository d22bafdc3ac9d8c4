// SPDX-License-Identifier: GPL-2.0
// What the tracer tells of the connections of pools: every open and every end, also of those that
// live between two looks.
#include <algorithm>
#include <optional>

#include "monitor/pool_fold.h"

namespace tcptrace::monitor {

using model::Event;
using model::EventKind;
using model::TcpState;
using std::chrono::nanoseconds;

void PoolFold::note(const Event& event) {
  // What came before the first look is not of the time that is reported on.
  if (look_ == 0 || event.boot_time < first_look_ || accepted_here(event.connection)) {
    return;
  }
  switch (event.kind) {
    case EventKind::kConnect:
      note_connect(event);
      return;
    case EventKind::kState:
      note_state(event);
      return;
    case EventKind::kClose:
      note_close(event);
      return;
    case EventKind::kAccept:
    case EventKind::kRetransmit:
    case EventKind::kResetSent:
    case EventKind::kResetReceived:
      return;
  }
}

void PoolFold::note_connect(const Event& event) {
  const std::uint32_t number = pool_of(event.connection, event.owner ? &*event.owner : nullptr);
  if (number == kNoPool) {
    return;
  }
  const bool established = event.connection.state != TcpState::kClose && event.err == 0;
  model::PoolChurn& churn = rows_[number].pool.churn;
  ++(established ? churn.opened : churn.failed);
  if (!established) {
    return;
  }
  if (births_.size() >= settings_.max_connections) {
    ++not_followed_;
    return;
  }
  births_[id_of(event.connection)] = {.pool = number, .at = event.boot_time};
}

void PoolFold::count_end(const Event& event, Closer closer, Ending& ending) {
  if (ending.counted) {
    return;
  }
  ending.counted = true;
  const std::uint32_t number = pool_of(event.connection, event.owner ? &*event.owner : nullptr);
  if (number == kNoPool) {
    return;
  }
  model::PoolChurn& churn = rows_[number].pool.churn;
  ++churn.closed;
  churn.reset += event.reset_sent || event.reset_received ? 1 : 0;
  churn.closed_here += closer == Closer::kHere ? 1 : 0;
  churn.closed_by_peer += closer == Closer::kPeer ? 1 : 0;
  if (event.connection.age && !event.connection.age_is_lower_bound) {
    rows_[number].lifetimes.add(*event.connection.age);
  }
}

void PoolFold::note_state(const Event& event) {
  const TcpState state = event.connection.state;
  const bool by_peer = state == TcpState::kCloseWait || state == TcpState::kLastAck;
  if (!by_peer && state != TcpState::kFinWait1) {
    return;
  }
  const model::ConnectionId id = id_of(event.connection);
  if (endings_.size() >= settings_.max_connections && !endings_.contains(id)) {
    ++not_followed_;
    return;
  }
  Ending& ending = endings_[id];
  if (state == TcpState::kCloseWait) {
    ending.peer_closed = event.boot_time;
  } else {
    count_end(event, by_peer ? Closer::kPeer : Closer::kHere, ending);
  }
}

void PoolFold::note_close(const Event& event) {
  births_.erase(id_of(event.connection));
  const auto known = endings_.find(id_of(event.connection));
  Ending ending = known == endings_.end() ? Ending() : known->second;
  if (known != endings_.end()) {
    endings_.erase(known);
  }
  const bool here = !ending.peer_closed && !event.reset_received;
  const bool first_word = !ending.counted;
  count_end(event, here ? Closer::kHere : Closer::kPeer, ending);
  const auto followed = followed_.find(id_of(event.connection));
  const bool told = followed != followed_.end() && followed->second.idle_told;
  // A reset tells of a timeout too, but not one that answers what this side has sent.
  const bool ended_by_peer = ending.peer_closed || (first_word && event.reset_received);
  if (!ended_by_peer || told || !model::was_open(event) || !event.info ||
      event.info->bytes_sent == 0) {
    return;
  }
  const nanoseconds last_data = event.boot_time - idle_of(*event.info);
  const nanoseconds idle = ending.peer_closed.value_or(event.boot_time) - last_data;
  const std::uint32_t number = pool_of(event.connection, event.owner ? &*event.owner : nullptr);
  if (number != kNoPool && idle > nanoseconds{}) {
    tell_idle_close(number, idle, false);
  }
}

}  // namespace tcptrace::monitor
