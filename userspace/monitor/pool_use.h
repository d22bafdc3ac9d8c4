// SPDX-License-Identifier: GPL-2.0
// What a connection of a client is doing, told from what the kernel knows of its data. Pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "model/event.h"

namespace tcptrace::monitor {

enum class PoolUse : std::uint8_t { kIdle, kBusy, kWaiting };

// A request that has been without any answer for so long is waiting.
inline constexpr std::chrono::milliseconds kWaitingAfter{1000};

// What a look found, as the next one needs it.
struct SeenUse {
  PoolUse use = PoolUse::kIdle;
  bool next_request = false;    // followed on the last answer within one tick
  bool settled = true;          // the ACK of what had come was due: a later one is of other things
  std::uint64_t segments = 0;   // with data, both ways
  std::uint64_t bare_acks = 0;  // sent
};

// Of an established connection. Busy: the last data went out and none has come since, or data is
// unread, unsent or not acknowledged; or there was data just now, since between two requests of a
// pool that has no connection to spare there is no time to be seen idle.
//
// Where the last data went and came within one tick of the kernel's clock, either may have been the
// first: a request that was answered at once, or an answer on which the next request followed. The
// ACKs tell: an answer on which nothing follows is acknowledged by a segment without data, 200 ms
// later at most (later ones are keep-alive probes); and a request that was not answered at once is
// acknowledged by the peer in the same way. Where neither is seen, as in the first look at a
// connection, it is taken for idle. `before` is the look before, if there was one.
[[nodiscard]] SeenUse use_of(const model::TcpInfo& info, const std::optional<SeenUse>& before);

// Since the last data either way; since it was established, where there was none.
[[nodiscard]] std::chrono::milliseconds idle_of(const model::TcpInfo& info);

}  // namespace tcptrace::monitor
