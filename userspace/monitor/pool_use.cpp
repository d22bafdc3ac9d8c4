// SPDX-License-Identifier: GPL-2.0
#include "monitor/pool_use.h"

#include <algorithm>

namespace tcptrace::monitor {
namespace {

using std::chrono::milliseconds;

// The kernel's clock of these times goes in steps of up to 10 ms (CONFIG_HZ=100).
constexpr std::uint32_t kJustNowMs = 10;
// TCP_DELACK_MAX, and what timers take.
constexpr milliseconds kLatestAck{250};

std::uint64_t data_segments(const model::TcpInfo& info) {
  return std::uint64_t{info.data_segs_in} + info.data_segs_out;
}

std::uint64_t bare_acks(const model::TcpInfo& info) {
  return info.segs_out - std::min(info.segs_out, info.data_segs_out);
}

// A request that follows an answer at once is acknowledged some time later, unless the peer's
// kernel does it at once. One that was answered at once was acknowledged by the answer.
bool acknowledged_after_the_answer(const model::TcpInfo& info) {
  const milliseconds ack(info.last_ack_recv_ms);
  const milliseconds data(info.last_data_recv_ms);
  return ack < data && data - ack <= kLatestAck;
}

bool next_request_followed(const model::TcpInfo& info, const std::optional<SeenUse>& before) {
  if (acknowledged_after_the_answer(info)) {
    return true;
  }
  if (!before) {
    return false;
  }
  const bool acknowledged = bare_acks(info) != before->bare_acks;
  if (data_segments(info) != before->segments) {
    return !acknowledged;
  }
  return before->next_request && (before->settled || !acknowledged);
}

// last_data_recv_ms counts from the handshake as long as nothing has come.
bool has_received(const model::TcpInfo& info) { return info.bytes_received != 0; }

}  // namespace

SeenUse use_of(const model::TcpInfo& info, const std::optional<SeenUse>& before) {
  const bool received = has_received(info);
  const bool unanswered =
      info.bytes_sent != 0 && (!received || info.last_data_sent_ms < info.last_data_recv_ms);
  const bool tie = received && info.last_data_sent_ms == info.last_data_recv_ms;
  SeenUse seen{.next_request = tie && next_request_followed(info, before),
               .settled = idle_of(info) > kLatestAck,
               .segments = data_segments(info),
               .bare_acks = bare_acks(info)};
  const bool queued = info.unread_bytes != 0 || info.unsent_bytes != 0 || info.unacked_bytes != 0;
  const bool just_now = received && info.last_data_recv_ms <= kJustNowMs;
  if (unanswered || seen.next_request) {
    seen.use =
        milliseconds(info.last_data_sent_ms) >= kWaitingAfter ? PoolUse::kWaiting : PoolUse::kBusy;
  } else if (queued || just_now) {
    seen.use = PoolUse::kBusy;
  }
  return seen;
}

milliseconds idle_of(const model::TcpInfo& info) {
  return milliseconds(has_received(info) ? std::min(info.last_data_sent_ms, info.last_data_recv_ms)
                                         : info.last_data_sent_ms);
}

}  // namespace tcptrace::monitor
