// SPDX-License-Identifier: GPL-2.0
// One plausible record of each kind, for tests and benchmarks of what prints them.
#pragma once

#include <cstring>

#include "model/check.h"
#include "model/record.h"
#include "model/socket.h"
#include "output/context.h"

namespace tcptrace::samples {

inline output::Context context() {
  // Boot at 2026-11-21 01:00:00 UTC.
  return {.host = "node-7", .boot_to_wall = std::chrono::seconds(1795222800)};
}

inline model::Address ipv4(std::uint8_t a, std::uint8_t b, std::uint8_t c, std::uint8_t d) {
  return {.bytes = {a, b, c, d}};
}

inline void set_comm(model::Process& process, std::string_view comm) {
  process.comm.fill('\0');
  std::memcpy(process.comm.data(), comm.data(), comm.size());
}

inline model::Process process() {
  model::Process process{.pid = 812,
                         .tid = 815,
                         .uid = 1000,
                         .source = model::OwnerSource::kAccept,
                         .cgroup_id = 4711,
                         .cgroup = {}};
  set_comm(process, "api");
  static const auto cgroup = std::make_shared<const model::Cgroup>(model::Cgroup{
      .path = "/system.slice/docker-"
              "3f0c9a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7.scope",
      .container = "3f0c9a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7",
      .runtime = "docker"});
  process.cgroup = cgroup;
  return process;
}

inline model::TcpInfo tcp_info() {
  model::TcpInfo info{};
  info.bytes_acked = 48213;
  info.bytes_received = 9120;
  info.bytes_sent = 48213;
  info.rtt_us = 1250;
  info.rttvar_us = 310;
  info.min_rtt_us = 980;
  info.rto_us = 204000;
  info.snd_cwnd = 10;
  info.snd_ssthresh = 0x7fffffff;
  info.snd_mss = 1448;
  info.rcv_mss = 536;
  info.snd_wnd = 64256;
  info.rcv_wnd = 65160;
  info.segs_in = 41;
  info.segs_out = 47;
  info.data_segs_in = 9;
  info.data_segs_out = 36;
  info.delivered = 37;
  info.unread_bytes = 900;
  info.last_data_sent_ms = 60012;
  info.last_data_recv_ms = 60011;
  info.last_ack_recv_ms = 60010;
  info.lingertime_ms = -1;
  info.keepalive = true;
  return info;
}

inline model::Event event(model::EventKind kind) {
  model::Event event;
  event.kind = kind;
  event.boot_time = std::chrono::nanoseconds(123'123'456'789);
  event.connection = {.cookie = 8193,
                      .netns = 4026531840,
                      .role = model::Role::kServer,
                      .state = model::TcpState::kEstablished,
                      .local = ipv4(10, 0, 0, 5),
                      .peer = ipv4(10, 0, 0, 9),
                      .local_port = 8080,
                      .peer_port = 41822,
                      .age = std::chrono::microseconds(61'234'500)};
  event.owner = process();
  return event;
}

inline model::Event reset_sent() {
  model::Event reset = event(model::EventKind::kResetSent);
  reset.info = tcp_info();
  reset.by = reset.owner;
  reset.kernel_reason = "TCP_ABORT_ON_CLOSE";
  reset.origin = model::ResetOrigin::kActive;
  reset.socket_state = model::TcpState::kClose;
  return reset;
}

inline model::Event reset_received() {
  model::Event reset = event(model::EventKind::kResetReceived);
  reset.info = tcp_info();
  reset.err = 104;
  reset.socket_state = model::TcpState::kEstablished;
  reset.trigger_flags = 0x14;
  reset.trigger_ttl = 41;
  reset.trigger_seq = 3735928559;
  reset.trigger_ack = 2882400001;
  return reset;
}

// Both ends are on this host, and this one says why.
inline model::Event reset_from_this_host() {
  model::Event reset = reset_received();
  reset.connection.role = model::Role::kClient;
  reset.connection.state = model::TcpState::kCloseWait;
  reset.err = 32;
  reset.trigger_ttl = reset.peer_ttl = 64;
  reset.sender = {.cookie = 8190,
                  .netns = 4026532201,
                  .process = process(),
                  .cause = model::Cause::kKeepaliveRace,
                  .confidence = model::Confidence::kCertain};
  reset.verdict = {.cause = model::Cause::kKeepaliveRace,
                   .confidence = model::Confidence::kCertain,
                   .summary = "a request crossed the close of nginx on the wire",
                   .evidence = {"sender_cause=keepalive_race", "state=CLOSE_WAIT"},
                   .advice = "who sends requests must be the first to close"};
  return reset;
}

// The other end of it.
inline model::Event reset_of_a_crossed_request() {
  model::Event reset = event(model::EventKind::kResetSent);
  reset.connection.state = model::TcpState::kFinWait2;
  reset.owner->source = model::OwnerSource::kClosed;
  reset.kernel_reason = "TCP_TIMEWAIT_SOCKET";
  reset.origin = model::ResetOrigin::kReply;
  reset.socket_state = model::TcpState::kTimeWait;
  reset.trigger_flags = 0x18;
  reset.trigger_ttl = 64;
  reset.trigger_seq = 1000;
  reset.trigger_ack = 5000;
  reset.trigger_bytes = 300;
  reset.closing = {.ago = std::chrono::microseconds(1'250),
                   .idle = std::chrono::milliseconds(75'004),
                   .fin_seq = 5000};
  reset.verdict = {.cause = model::Cause::kKeepaliveRace,
                   .confidence = model::Confidence::kCertain,
                   .summary = "a request crossed our close on the wire",
                   .evidence = {"peer_had_our_fin=false"},
                   .advice = {}};
  return reset;
}

// A reply for a segment of a connection this host does not know.
inline model::Event reset_without_socket() {
  model::Event reset = event(model::EventKind::kResetSent);
  reset.connection.cookie = 0;
  reset.connection.role = model::Role::kUnknown;
  reset.connection.state = model::TcpState::kUnknown;
  reset.connection.age.reset();
  reset.owner.reset();
  reset.no_socket = true;
  reset.kernel_reason = "NO_SOCKET";
  reset.origin = model::ResetOrigin::kReply;
  reset.trigger_flags = 0x18;
  reset.trigger_ttl = 64;
  reset.trigger_seq = 1;
  reset.trigger_ack = 2;
  reset.trigger_bytes = 512;
  return reset;
}

inline model::Event retransmit() {
  model::Event retransmit = event(model::EventKind::kRetransmit);
  retransmit.info = tcp_info();
  retransmit.info->retransmits = 3;
  retransmit.info->total_retrans = 5;
  retransmit.info->ca_state = 4;
  retransmit.info->snd_cwnd = 1;
  retransmit.info->snd_ssthresh = 7;
  retransmit.info->unacked = 4;
  retransmit.info->unacked_bytes = 5792;
  retransmit.info->unread_bytes = 0;
  retransmit.info->pending = 1;
  retransmit.retransmit_type = model::RetransmitType::kRto;
  retransmit.segs = 2;
  retransmit.seq = 123456789;
  retransmit.length_bytes = 2896;
  retransmit.tcp_flags = 0x18;
  return retransmit;
}

inline model::Event state_change() {
  model::Event state = event(model::EventKind::kState);
  state.connection.state = model::TcpState::kCloseWait;
  state.connection.old_state = model::TcpState::kEstablished;
  return state;
}

inline model::Event connect_failed() {
  model::Event connect = event(model::EventKind::kConnect);
  connect.connection.role = model::Role::kClient;
  connect.connection.state = model::TcpState::kClose;
  connect.connection.old_state = model::TcpState::kSynSent;
  connect.info = tcp_info();
  connect.info->rtt_us = 0;
  connect.info->retransmits = 6;
  connect.owner->source = model::OwnerSource::kConnect;
  connect.err = 113;
  connect.icmp_seen = true;
  connect.icmp_type = 3;
  connect.icmp_code = 1;
  return connect;
}

// A peer that stopped answering while its window was full: `before` the event, from then on once a
// second.
inline std::vector<model::Sample> history(std::chrono::nanoseconds event,
                                          std::chrono::seconds before, std::uint32_t samples) {
  std::vector<model::Sample> history;
  for (std::uint32_t i = 0; i < samples; ++i) {
    history.push_back({.boot_time = event - before + std::chrono::seconds(i),
                       .state = model::TcpState::kEstablished,
                       .ca_state = static_cast<std::uint8_t>(i > 2 ? 4 : 0),
                       .retransmits = static_cast<std::uint8_t>(i > 2 ? i - 2 : 0),
                       .rtt_us = 250 + (i * 40),
                       .snd_cwnd = i > 2 ? 1U : 10U,
                       .unacked = i < 2 ? i : 10U,
                       .total_retrans = i > 2 ? i - 2 : 0,
                       .unsent_bytes = i * 1448});
  }
  return history;
}

inline model::Event connection_died() {
  model::Event close = event(model::EventKind::kClose);
  close.connection.state = model::TcpState::kClose;
  close.connection.old_state = model::TcpState::kEstablished;
  close.info = tcp_info();
  close.info->retransmits = 15;
  close.info->unacked_bytes = 4096;
  close.info->unread_bytes = 0;
  close.err = 110;
  close.history = history(close.boot_time, std::chrono::seconds(31), 6);
  return close;
}

inline model::Event synack_retransmit() {
  model::Event retransmit = event(model::EventKind::kRetransmit);
  retransmit.connection.state = model::TcpState::kNewSynRecv;
  retransmit.info = tcp_info();
  retransmit.info->backlog = 4;
  retransmit.info->backlog_limit = 128;
  retransmit.retransmit_type = model::RetransmitType::kSynAck;
  retransmit.owner->source = model::OwnerSource::kListener;
  retransmit.segs = 1;
  retransmit.length_bytes = 1;
  retransmit.attempt = 2;
  retransmit.tcp_flags = 0x12;
  return retransmit;
}

// `ss -K` on a connection over IPv6 that was there before the trace.
inline model::Event reset_by_another_task() {
  model::Event reset = reset_sent();
  reset.connection.family = model::Family::kIpv6;
  reset.connection.local = {{0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x05}};
  reset.connection.peer = {{0x2a, 0x01, 0x04, 0xf8, 0xc0, 0x10, 0x12, 0x34, 0x56, 0x78, 0x9a, 0xbc,
                            0xde, 0xf0, 0x00, 0x01}};
  reset.connection.age_is_lower_bound = true;
  reset.owner->cgroup.reset();
  reset.kernel_reason = {};
  reset.by = process();
  reset.by->pid = 9001;
  reset.by->tid = 9001;
  reset.by->uid = 0;
  set_comm(*reset.by, "ss");
  return reset;
}

inline model::Socket socket() {
  model::Socket socket;
  socket.boot_time = std::chrono::nanoseconds(123'123'456'789);
  socket.connection = event(model::EventKind::kAccept).connection;
  socket.connection.role = model::Role::kUnknown;
  socket.connection.age.reset();
  socket.owner = process();
  socket.owner->tid = socket.owner->pid;
  socket.owner->source = model::OwnerSource::kSeed;
  socket.info = tcp_info();
  socket.timer = model::SocketTimer::kKeepalive;
  socket.timer_ms = 7'140'000;
  socket.uid = 1000;
  socket.inode = 48123;
  return socket;
}

inline model::Socket listening_socket() {
  model::Socket listener = socket();
  listener.connection.state = model::TcpState::kListen;
  listener.connection.role = model::Role::kListener;
  listener.connection.peer = {};
  listener.connection.peer_port = 0;
  listener.info->backlog = 3;
  listener.info->backlog_limit = 128;
  listener.timer = model::SocketTimer::kNone;
  listener.timer_ms = 0;
  return listener;
}

// What is left of a connection.
inline model::Socket time_wait_socket() {
  model::Socket left = socket();
  left.connection.state = model::TcpState::kTimeWait;
  left.owner.reset();
  left.info.reset();
  left.timer = model::SocketTimer::kTimeWait;
  left.timer_ms = 59'250;
  left.uid = 0;
  left.inode = 0;
  return left;
}

inline model::Socket retransmitting_socket() {
  model::Socket socket = samples::socket();
  socket.connection = reset_by_another_task().connection;
  socket.connection.age.reset();
  socket.connection.netns = 4026532201;
  socket.owner.reset();
  socket.source = model::SocketSource::kNetlink;
  socket.info = retransmit().info;
  socket.receive_window_known = false;
  socket.timer = model::SocketTimer::kRetransmit;
  socket.timer_ms = 1632;
  socket.timer_retries = 3;
  socket.never_accepted = true;
  return socket;
}

inline model::Hooks hooks() {
  using model::AttachFamily;
  return {.boot_time = std::chrono::seconds(60),
          .version = "0.1.0",
          .kernel = "6.12.0-1-amd64",
          .architecture = "x86_64",
          .host = "node-7",
          .hooks = {{.name = "state",
                     .purpose = "state changes",
                     .attached = {"fentry:tcp_set_state"},
                     .family = AttachFamily::kFentry,
                     .failures = {},
                     .limit = "",
                     .required = true},
                    {.name = "reset_sent",
                     .purpose = "resets sent",
                     .attached = {"tp_btf:tcp_send_reset", "tp_btf:kfree_skb"},
                     .family = AttachFamily::kTracepoint,
                     .failures = {{"fentry:tcp_v4_send_reset", "load: Operation not permitted"}},
                     .limit = "resets without a socket have no kernel reason"},
                    {.name = "synack_retransmit",
                     .purpose = "SYN-ACK retransmissions",
                     .attached = {},
                     .family = {},
                     .failures = {{"fentry:tcp_rtx_synack", "not in this kernel's BTF"}},
                     .limit = ""}},
          .polling = model::Polling{.source = model::SocketSource::kNetlink,
                                    .setback = "load: Operation not permitted",
                                    .interval = std::chrono::seconds(1),
                                    .depth = 30,
                                    .limit_bytes = 128U << 20}};
}

inline model::Lost lost() {
  return {.boot_time = std::chrono::seconds(120), .counts = {.ringbuf_full = 10, .undecodable = 2}};
}

inline model::DrillResult drill() {
  return {.boot_time = std::chrono::seconds(170),
          .name = "keepalive-race",
          .expected = model::Cause::kKeepaliveRace,
          .verdict = reset_of_a_crossed_request().verdict,
          .outcome = model::DrillOutcome::kRight};
}

inline model::Patterns patterns() {
  const model::Party party{
      .comm = "nginx", .family = model::Family::kIpv4, .peer = ipv4(10, 0, 0, 9), .port = 8080};
  return {.causes = {{.cause = model::Cause::kKeepaliveRace,
                      .party = party,
                      .confidence = model::Confidence::kCertain,
                      .count = 12,
                      .first = std::chrono::seconds(61),
                      .last = std::chrono::seconds(171),
                      .advice = "who sends requests must be the first to close"},
                     {.cause = model::Cause::kUnknownConnection,
                      .party = {.comm = {},
                                .family = model::Family::kIpv4,
                                .peer = ipv4(10, 0, 0, 9),
                                .port = 41822},
                      .confidence = model::Confidence::kLikely,
                      .count = 1,
                      .first = std::chrono::seconds(70),
                      .last = std::chrono::seconds(70),
                      .advice = {}}},
          .idle_clusters = {{.cause = model::Cause::kKeepaliveRace,
                             .party = party,
                             .idle = std::chrono::milliseconds(75'004),
                             .count = 11,
                             .of = 12}},
          .retry_storms =
              {{.party = party, .pid = 812, .count = 30, .per_second = 9.8, .backs_off = false}},
          .churn = {{.party = party,
                     .pid = 812,
                     .count = 600,
                     .per_second = 52.25,
                     .age = std::chrono::milliseconds(18)}},
          .ungrouped = 3};
}

inline model::Summary summary() {
  model::Summary summary{.boot_time = std::chrono::seconds(180),
                         .duration = std::chrono::milliseconds(60'250),
                         .events = {},
                         .retransmitted_segments = 1240,
                         .resets_suppressed = 3,
                         .lost = {.ringbuf_full = 10, .undecodable = 2},
                         .polls = model::Polls{.count = 61,
                                               .total = std::chrono::milliseconds(250),
                                               .longest = std::chrono::microseconds(12345),
                                               .connections = 1204,
                                               .evicted = 7,
                                               .incomplete = 2},
                         .patterns = patterns(),
                         .coverage = {},
                         .ended_by = "duration"};
  const auto set = [&](model::EventKind kind, std::uint64_t count) {
    summary.events[static_cast<std::size_t>(kind)] = count;
  };
  set(model::EventKind::kResetSent, 12);
  set(model::EventKind::kResetReceived, 4);
  set(model::EventKind::kRetransmit, 1180);
  set(model::EventKind::kConnect, 7);
  summary.coverage = {{.netns = 4026531840,
                       .name = "host",
                       .unreadable = "",
                       .rows = {{"Tcp.OutRsts", 12, 12},
                                {"Tcp.EstabResets", 16, 16},
                                {"Tcp.RetransSegs", 1252, 1240},
                                {"Tcp.AttemptFails", 7, {}},
                                {"TcpExt.TCPAbortOnTimeout", 0, {}}}},
                      {.netns = 4026532201,
                       .name = "pid 812 (nginx)",
                       .readable = false,
                       .unreadable = "its last process exited",
                       .rows = {}}};
  return summary;
}

inline model::CheckReport check_report() {
  return {.kernel_release = "6.12.0-1-amd64",
          .btf_bytes = 6'123'456,
          .lockdown = "none",
          .capabilities = {{"CAP_BPF", true}, {"CAP_PERFMON", true}, {"CAP_SYS_ADMIN", false}},
          .rows = {{.name = "kptr_restrict", .value = "1", .advice = ""},
                   {.name = "tracefs",
                    .value = "not mounted",
                    .ok = false,
                    .advice = "mount -t tracefs tracefs /sys/kernel/tracing"}},
          .usable = true,
          .reason = "SYN-ACK retransmissions will not be seen"};
}

}  // namespace tcptrace::samples
