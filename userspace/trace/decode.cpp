// SPDX-License-Identifier: GPL-2.0
#include "trace/decode.h"

#include <sys/socket.h>

#include <cstring>

#include "tcptrace.h"

namespace tcptrace::trace {
namespace {

using model::Event;
using model::EventKind;

template <typename Wire>
const Wire* view(std::span<const std::byte> bytes) {
  static_assert(alignof(Wire) <= 8);
  // The kernel aligns every record to 8 bytes (kernel/bpf/ringbuf.c).
  return bytes.size() == sizeof(Wire) ? reinterpret_cast<const Wire*>(bytes.data()) : nullptr;
}

// Null also for a record of another kind, or that says it has another size.
template <typename Wire>
const Wire* view_as(std::span<const std::byte> bytes, std::uint32_t kind) {
  const auto* wire = view<Wire>(bytes);
  return wire != nullptr && wire->header.kind == kind && wire->header.size == bytes.size()
             ? wire
             : nullptr;
}

bool valid_state(std::uint8_t state) {
  return state <= static_cast<std::uint8_t>(model::TcpState::kNewSynRecv);
}

bool decode_connection(model::Connection& out, const tt_connection& wire, std::uint32_t flags) {
  if ((wire.family != AF_INET && wire.family != AF_INET6) || !valid_state(wire.state) ||
      !valid_state(wire.old_state) || wire.role > TT_ROLE_LISTENER) {
    return false;
  }
  out.cookie = wire.cookie;
  out.netns = wire.netns;
  out.family = wire.family == AF_INET ? model::Family::kIpv4 : model::Family::kIpv6;
  out.v4_mapped = (flags & TT_F_V4MAPPED) != 0;
  out.synthetic_cookie = (flags & TT_F_SYNTHETIC_COOKIE) != 0;
  out.role = static_cast<model::Role>(wire.role);
  out.state = static_cast<model::TcpState>(wire.state);
  out.old_state = static_cast<model::TcpState>(wire.old_state);
  std::memcpy(out.local.bytes.data(), wire.local_addr, TT_ADDR_LEN);
  std::memcpy(out.peer.bytes.data(), wire.peer_addr, TT_ADDR_LEN);
  out.local_port = wire.local_port;
  out.peer_port = wire.peer_port;
  if (wire.age_ns != 0) {
    out.age = std::chrono::nanoseconds(wire.age_ns);
    out.age_is_lower_bound = (flags & TT_F_SEEDED) != 0;
  }
  return true;
}

bool decode_process(model::Process& process, const tt_task& wire) {
  if (wire.source > TT_OWNER_SOURCE_MAX) {
    return false;
  }
  process.pid = wire.pid;
  process.tid = wire.tid;
  process.uid = wire.uid;
  process.source = static_cast<model::OwnerSource>(wire.source);
  process.cgroup_id = wire.cgroup_id;
  std::memcpy(process.comm.data(), wire.comm, TT_COMM_LEN);
  process.comm.back() = '\0';
  return true;
}

bool decode_task(std::optional<model::Process>& out, const tt_task& wire) {
  return decode_process(out.emplace(), wire);
}

void decode_info(model::TcpInfo& out, const tt_tcp_info& wire) {
  out = {.bytes_acked = wire.bytes_acked,
         .bytes_received = wire.bytes_received,
         .bytes_sent = wire.bytes_sent,
         .bytes_retrans = wire.bytes_retrans,
         .rtt_us = wire.rtt_us,
         .rttvar_us = wire.rttvar_us,
         .min_rtt_us = wire.min_rtt_us,
         .rto_us = wire.rto_us,
         .snd_cwnd = wire.snd_cwnd,
         .snd_ssthresh = wire.snd_ssthresh,
         .snd_mss = wire.snd_mss,
         .rcv_mss = wire.rcv_mss,
         .snd_wnd = wire.snd_wnd,
         .rcv_wnd = wire.rcv_wnd,
         .unacked = wire.unacked,
         .sacked = wire.sacked,
         .lost = wire.lost,
         .retrans = wire.retrans,
         .total_retrans = wire.total_retrans,
         .reord_seen = wire.reord_seen,
         .dsack_dups = wire.dsack_dups,
         .rcv_ooopack = wire.rcv_ooopack,
         .segs_in = wire.segs_in,
         .segs_out = wire.segs_out,
         .data_segs_in = wire.data_segs_in,
         .data_segs_out = wire.data_segs_out,
         .delivered = wire.delivered,
         .unread_bytes = wire.unread_bytes,
         .unsent_bytes = wire.unsent_bytes,
         .unacked_bytes = wire.unacked_bytes,
         .last_data_sent_ms = wire.last_data_sent_ms,
         .last_data_recv_ms = wire.last_data_recv_ms,
         .last_ack_recv_ms = wire.last_ack_recv_ms,
         .user_timeout_ms = wire.user_timeout_ms,
         .sk_err = wire.sk_err,
         .sk_err_soft = wire.sk_err_soft,
         .backlog = wire.backlog,
         .backlog_limit = wire.backlog_limit,
         .linger2 = wire.linger2,
         .lingertime_ms = wire.lingertime_ms,
         .ca_state = wire.ca_state,
         .retransmits = wire.retransmits,
         .probes = wire.probes,
         .backoff = wire.backoff,
         .pending = wire.pending,
         .shutdown = wire.shutdown,
         .keepalive = wire.keepalive != 0,
         .repair = (wire.options & TT_OPTION_REPAIR) != 0,
         .signs_md5 = (wire.options & TT_OPTION_MD5) != 0,
         .signs_ao = (wire.options & TT_OPTION_AO) != 0};
}

bool decode_common(Event& event, const tt_common& wire) {
  const std::uint32_t flags = wire.header.flags;
  event.boot_time = std::chrono::nanoseconds(wire.header.timestamp_ns);
  event.orphan = (flags & TT_F_SK_ORPHAN) != 0;
  event.no_socket = (flags & TT_F_NO_SOCKET) != 0;
  event.never_accepted = (flags & TT_F_CHILD) != 0;
  event.mptcp = (flags & TT_F_MPTCP) != 0;
  event.reset_sent = (flags & TT_F_RST_SENT) != 0;
  event.reset_received = (flags & TT_F_RST_RECEIVED) != 0;
  event.ambiguous = (flags & TT_F_RST_AMBIGUOUS) != 0;
  event.by_exiting = (flags & TT_F_EXITING) != 0;
  return decode_connection(event.connection, wire.connection, flags) &&
         ((flags & TT_F_OWNER) == 0 || decode_task(event.owner, wire.owner));
}

void decode_optional_info(Event& event, const tt_common& common, const tt_tcp_info& info) {
  if ((common.header.flags & TT_F_INFO) != 0) {
    decode_info(event.info.emplace(), info);
  }
}

bool decode_end(Event& event, const tt_end_record& wire) {
  event.err = wire.err;
  event.abandoned = wire.abandoned != 0;
  event.icmp_seen = wire.icmp_seen != 0;
  event.icmp_type = wire.icmp_type;
  event.icmp_code = wire.icmp_code;
  decode_optional_info(event, wire.common, wire.info);
  return decode_common(event, wire.common);
}

bool decode_retransmit(Event& event, const tt_retransmit_record& wire) {
  if (wire.type > TT_RETRANSMIT_TYPE_MAX) {
    return false;
  }
  event.retransmit_type = static_cast<model::RetransmitType>(wire.type);
  event.seq = wire.seq;
  event.length_bytes = wire.length_bytes;
  event.segs = wire.segs;
  // A positive one is NET_XMIT_DROP: the queueing discipline dropped it, which net_xmit_errno()
  // (include/linux/netdevice.h) makes ENOBUFS.
  event.err = wire.err < 0   ? static_cast<std::uint32_t>(-static_cast<std::int64_t>(wire.err))
              : wire.err > 0 ? std::uint32_t{ENOBUFS}
                             : 0;
  event.tcp_flags = wire.tcp_flags;
  event.attempt = wire.attempt;
  decode_optional_info(event, wire.common, wire.info);
  return decode_common(event, wire.common);
}

bool decode_reset(Event& event, const tt_reset_record& wire,
                  std::span<const std::string> reset_reasons) {
  if (wire.origin > TT_RESET_ORIGIN_MAX || !valid_state(wire.sk_state)) {
    return false;
  }
  if ((wire.common.header.flags & TT_F_LOCKED) != 0 && !decode_task(event.by, wire.by)) {
    return false;
  }
  if (wire.reason >= 0 && static_cast<std::size_t>(wire.reason) < reset_reasons.size()) {
    event.kernel_reason = reset_reasons[static_cast<std::size_t>(wire.reason)];
  }
  event.err = wire.err;
  event.origin = static_cast<model::ResetOrigin>(wire.origin);
  event.socket_state = static_cast<model::TcpState>(wire.sk_state);
  event.trigger_flags = wire.trigger_flags;
  event.trigger_ttl = wire.trigger_ttl;
  event.trigger_seq = wire.trigger_seq;
  event.trigger_ack = wire.trigger_ack;
  event.trigger_bytes = wire.trigger_bytes;
  event.peer_ttl = wire.peer_ttl;
  event.rst_flags = wire.rst_flags;
  if (wire.since_close_ns != 0) {
    event.closing = {.ago = std::chrono::nanoseconds(wire.since_close_ns),
                     .idle = std::chrono::milliseconds(wire.idle_before_close_ms),
                     .fin_seq = wire.fin_seq};
  }
  decode_optional_info(event, wire.common, wire.info);
  return decode_common(event, wire.common);
}

bool decode_into(Event& event, std::span<const std::byte> bytes, const tt_header& header,
                 std::span<const std::string> reset_reasons) {
  switch (header.kind) {
    case TT_KIND_STATE:
    case TT_KIND_ACCEPT: {
      event.kind = header.kind == TT_KIND_STATE ? EventKind::kState : EventKind::kAccept;
      const auto* wire = view<tt_common>(bytes);
      return wire != nullptr && decode_common(event, *wire);
    }
    case TT_KIND_CONNECT:
    case TT_KIND_CLOSE: {
      event.kind = header.kind == TT_KIND_CONNECT ? EventKind::kConnect : EventKind::kClose;
      const auto* wire = view<tt_end_record>(bytes);
      return wire != nullptr && decode_end(event, *wire);
    }
    case TT_KIND_RETRANSMIT:
    case TT_KIND_SYNACK_RETRANSMIT: {
      event.kind = EventKind::kRetransmit;
      const auto* wire = view<tt_retransmit_record>(bytes);
      return wire != nullptr && decode_retransmit(event, *wire);
    }
    case TT_KIND_RESET_SENT:
    case TT_KIND_RESET_RECEIVED: {
      event.kind =
          header.kind == TT_KIND_RESET_SENT ? EventKind::kResetSent : EventKind::kResetReceived;
      const auto* wire = view<tt_reset_record>(bytes);
      return wire != nullptr && decode_reset(event, *wire, reset_reasons);
    }
    default:
      return false;
  }
}

}  // namespace

std::optional<Event> Decoder::decode(std::span<const std::byte> bytes) const {
  tt_header header{};
  if (bytes.size() < sizeof(header)) {
    return std::nullopt;
  }
  std::memcpy(&header, bytes.data(), sizeof(header));
  std::optional<Event> event(std::in_place);
  if (header.size != bytes.size() || !decode_into(*event, bytes, header, reset_reasons_)) {
    return std::nullopt;
  }
  return event;
}

bool decode_socket(std::span<const std::byte> bytes, model::Socket& out) {
  const auto* wire = view_as<tt_socket_record>(bytes, TT_KIND_SOCKET);
  if (wire == nullptr || wire->timer > TT_TIMER_MAX) {
    return false;
  }
  const std::uint32_t flags = wire->header.flags;
  out = {};
  out.boot_time = std::chrono::nanoseconds(wire->header.timestamp_ns);
  out.timer = static_cast<model::SocketTimer>(wire->timer);
  out.timer_retries = wire->timer_retries;
  out.timer_ms = wire->timer_ms;
  out.uid = wire->uid;
  out.inode = wire->inode;
  out.orphan = (flags & TT_F_SK_ORPHAN) != 0;
  out.never_accepted = (flags & TT_F_CHILD) != 0;
  out.mptcp = (flags & TT_F_MPTCP) != 0;
  if ((flags & TT_F_INFO) != 0) {
    decode_info(out.info.emplace(), wire->info);
  }
  return decode_connection(out.connection, wire->connection, flags);
}

bool is_sample(std::span<const std::byte> bytes) {
  tt_header header{};
  if (bytes.size() < sizeof(header)) {
    return false;
  }
  std::memcpy(&header, bytes.data(), sizeof(header));
  return header.kind == TT_KIND_SAMPLE;
}

namespace {

std::optional<model::Tuple> decode_tuple(const tt_sample_record& wire) {
  if ((wire.family != AF_INET && wire.family != AF_INET6) || wire.role > TT_ROLE_LISTENER) {
    return std::nullopt;
  }
  model::Tuple tuple{.local_port = wire.local_port,
                     .peer_port = wire.peer_port,
                     .family = wire.family == AF_INET ? model::Family::kIpv4 : model::Family::kIpv6,
                     .role = static_cast<model::Role>(wire.role)};
  std::memcpy(tuple.local.bytes.data(), wire.local_addr, TT_ADDR_LEN);
  std::memcpy(tuple.peer.bytes.data(), wire.peer_addr, TT_ADDR_LEN);
  return tuple;
}

}  // namespace

std::optional<PolledSample> decode_sample(std::span<const std::byte> bytes) {
  const auto* wire = view_as<tt_sample_record>(bytes, TT_KIND_SAMPLE);
  if (wire == nullptr || !valid_state(wire->state)) {
    return std::nullopt;
  }
  const model::ConnectionId id{.cookie = wire->cookie, .netns = wire->netns};
  if ((wire->header.flags & TT_F_QUIET) != 0) {
    return PolledSample{.id = id, .tuple = {}, .sample = {}, .quiet = true};
  }
  const auto tuple = decode_tuple(*wire);
  if (!tuple) {
    return std::nullopt;
  }
  return PolledSample{.id = id,
                      .tuple = *tuple,
                      .sample = {.boot_time = std::chrono::nanoseconds(wire->header.timestamp_ns),
                                 .state = static_cast<model::TcpState>(wire->state),
                                 .ca_state = wire->ca_state,
                                 .retransmits = wire->retransmits,
                                 .rtt_us = wire->rtt_us,
                                 .snd_cwnd = wire->snd_cwnd,
                                 .unacked = wire->unacked,
                                 .total_retrans = wire->total_retrans,
                                 .unread_bytes = wire->unread_bytes,
                                 .unsent_bytes = wire->unsent_bytes}};
}

std::optional<SocketOwner> decode_socket_owner(std::span<const std::byte> bytes) {
  const auto* wire = view_as<tt_socket_owner_record>(bytes, TT_KIND_SOCKET_OWNER);
  if (wire == nullptr) {
    return std::nullopt;
  }
  std::optional<SocketOwner> owner(std::in_place);
  owner->inode = wire->inode;
  if (!decode_process(owner->process, wire->owner)) {
    return std::nullopt;
  }
  return owner;
}

}  // namespace tcptrace::trace
