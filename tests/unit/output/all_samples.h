// SPDX-License-Identifier: GPL-2.0
// Every sample record, in the order a run could have brought them, and records with extreme values.
#pragma once

#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "output/json.h"
#include "output/socket.h"
#include "support/samples.h"

namespace tcptrace::samples {

// As `--json` prints them.
inline std::string line_of(const model::Record& record) {
  std::string out;
  output::append_json(out, record, context());
  return out;
}

inline std::string line_of(const model::Socket& socket) {
  std::string out;
  output::append_sample_json(out, socket, context());
  return out;
}

inline std::vector<model::Record> all_records() {
  return {hooks(),
          reset_sent(),
          reset_received(),
          reset_from_this_host(),
          reset_of_a_crossed_request(),
          reset_without_socket(),
          reset_by_another_task(),
          retransmit(),
          synack_retransmit(),
          event(model::EventKind::kAccept),
          state_change(),
          connect_failed(),
          connection_died(),
          lost(),
          drill(),
          summary()};
}

inline std::vector<model::Socket> all_sockets() {
  return {listening_socket(), socket(), retransmitting_socket(), time_wait_socket()};
}

// All bits of everything that may come from the wire, but for enums, which the decoder checks.
inline model::Event extreme_event() {
  constexpr auto kU8 = std::numeric_limits<std::uint8_t>::max();
  constexpr auto kU32 = std::numeric_limits<std::uint32_t>::max();
  model::Event event = reset_sent();
  std::memset(&*event.info, 0xff, sizeof(*event.info));
  event.info->keepalive = true;  // 0xff is no bool
  event.info->repair = true;
  event.info->signs_md5 = true;
  event.info->signs_ao = true;
  event.info->lingertime_ms = std::numeric_limits<std::int32_t>::max();
  event.info->linger2 = std::numeric_limits<std::int32_t>::min();
  event.info->user_timeout_ms = kU32;
  event.boot_time = std::chrono::nanoseconds::max();
  event.connection.cookie = std::numeric_limits<std::uint64_t>::max();
  event.connection.netns = kU32;
  event.connection.synthetic_cookie = true;
  event.connection.v4_mapped = true;
  event.connection.family = model::Family::kIpv6;
  event.connection.local.bytes.fill(kU8);
  event.connection.peer.bytes.fill(kU8);
  event.connection.local_port = 65535;
  event.connection.peer_port = 65535;
  event.connection.age = std::chrono::nanoseconds::max();
  event.connection.age_is_lower_bound = true;
  event.owner->pid = kU32;
  event.owner->tid = kU32 - 1;
  event.owner->uid = kU32;
  event.owner->cgroup_id = std::numeric_limits<std::uint64_t>::max();
  event.owner->comm.fill('\xff');
  event.owner->comm.back() = '\0';
  event.by = event.owner;
  event.by_exiting = event.orphan = event.no_socket = event.never_accepted = event.mptcp = true;
  event.err = kU32;
  event.trigger_flags = kU8;
  event.trigger_ttl = event.peer_ttl = event.rst_flags = kU8;
  event.closing = {.ago = std::chrono::nanoseconds::max(),
                   .idle = std::chrono::milliseconds(kU32),
                   .fin_seq = kU32};
  event.history.assign(2, {.boot_time = {},
                           .state = model::TcpState::kClosing,
                           .ca_state = kU8,
                           .retransmits = kU8,
                           .rtt_us = kU32,
                           .snd_cwnd = kU32,
                           .unacked = kU32,
                           .total_retrans = kU32,
                           .unread_bytes = kU32,
                           .unsent_bytes = kU32});
  event.trigger_seq = event.trigger_ack = event.trigger_bytes = kU32;
  return event;
}

inline model::Socket extreme_socket() {
  const model::Event event = extreme_event();
  model::Socket socket;
  socket.boot_time = event.boot_time;
  socket.connection = event.connection;
  socket.owner = event.owner;
  socket.info = event.info;
  socket.timer = model::SocketTimer::kProbe;
  socket.timer_retries = std::numeric_limits<std::uint8_t>::max();
  socket.timer_ms = socket.uid = std::numeric_limits<std::uint32_t>::max();
  socket.inode = std::numeric_limits<std::uint64_t>::max();
  socket.orphan = socket.never_accepted = socket.mptcp = true;
  return socket;
}

inline model::Event extreme_end(model::EventKind kind) {
  model::Event event = extreme_event();
  event.kind = kind;
  if (kind != model::EventKind::kClose) {
    event.history.clear();
  }
  event.abandoned = event.icmp_seen = event.reset_sent = event.reset_received = true;
  event.icmp_type = event.icmp_code = 255;
  return event;
}

inline model::Summary extreme_summary() {
  constexpr auto kU64 = std::numeric_limits<std::uint64_t>::max();
  model::Summary summary = samples::summary();
  summary.duration = std::chrono::nanoseconds::max();
  summary.events.fill(kU64);
  summary.retransmitted_segments = summary.resets_suppressed = kU64;
  summary.lost.undecodable = kU64;
  summary.coverage.front().rows = {{"Tcp.OutRsts", kU64, 0}, {"Tcp.EstabResets", 0, kU64}};
  return summary;
}

}  // namespace tcptrace::samples
