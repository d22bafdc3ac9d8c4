// SPDX-License-Identifier: GPL-2.0
#include "kernel/sock_diag_info.h"

#include <linux/tcp.h>

#include <algorithm>
#include <cstring>
#include <limits>

namespace tcptrace::kernel {
namespace {

using model::TcpState;

// tcpi_rcv_wnd: commit 71fc704768f6, v6.2; not in the headers this may be built with.
constexpr std::size_t kReceiveWindowOffset = offsetof(tcp_info, tcpi_snd_wnd) + 4;

// The FIN occupies a sequence number (RFC 9293, 3.4), which the kernel counts as unread.
bool fin_received(TcpState state) {
  return state == TcpState::kCloseWait || state == TcpState::kLastAck ||
         state == TcpState::kClosing || state == TcpState::kTimeWait;
}

}  // namespace

bool set_tcp_info(model::TcpInfo& info, std::span<const std::byte> wire) {
  tcp_info from{};
  std::memcpy(&from, wire.data(), std::min(sizeof(from), wire.size()));
  info = {};
  info.bytes_acked = from.tcpi_bytes_acked;
  info.bytes_received = from.tcpi_bytes_received;
  info.bytes_sent = from.tcpi_bytes_sent;
  info.bytes_retrans = from.tcpi_bytes_retrans;
  info.rtt_us = from.tcpi_rtt;
  info.rttvar_us = from.tcpi_rttvar;
  info.min_rtt_us =
      from.tcpi_min_rtt == std::numeric_limits<std::uint32_t>::max() ? 0 : from.tcpi_min_rtt;
  info.rto_us = from.tcpi_rto;
  info.snd_cwnd = from.tcpi_snd_cwnd;
  info.snd_ssthresh = from.tcpi_snd_ssthresh;
  info.snd_mss = from.tcpi_snd_mss;
  info.rcv_mss = from.tcpi_rcv_mss;
  info.snd_wnd = from.tcpi_snd_wnd;
  info.unacked = from.tcpi_unacked;
  info.sacked = from.tcpi_sacked;
  info.lost = from.tcpi_lost;
  info.retrans = from.tcpi_retrans;
  info.total_retrans = from.tcpi_total_retrans;
  info.reord_seen = from.tcpi_reord_seen;
  info.dsack_dups = from.tcpi_dsack_dups;
  info.rcv_ooopack = from.tcpi_rcv_ooopack;
  info.segs_in = from.tcpi_segs_in;
  info.segs_out = from.tcpi_segs_out;
  info.data_segs_in = from.tcpi_data_segs_in;
  info.data_segs_out = from.tcpi_data_segs_out;
  info.delivered = from.tcpi_delivered;
  info.unsent_bytes = from.tcpi_notsent_bytes;
  info.last_data_sent_ms = from.tcpi_last_data_sent;
  info.last_data_recv_ms = from.tcpi_last_data_recv;
  info.last_ack_recv_ms = from.tcpi_last_ack_recv;
  info.lingertime_ms = -1;
  info.ca_state = from.tcpi_ca_state;
  info.retransmits = from.tcpi_retransmits;
  info.probes = from.tcpi_probes;
  info.backoff = from.tcpi_backoff;
  const bool known = wire.size() >= kReceiveWindowOffset + sizeof(info.rcv_wnd);
  if (known) {
    std::memcpy(&info.rcv_wnd, wire.subspan(kReceiveWindowOffset).data(), sizeof(info.rcv_wnd));
  }
  return known;
}

void set_queues(model::TcpInfo& info, TcpState state, std::uint32_t receive, std::uint32_t send) {
  if (state == TcpState::kListen) {
    info.backlog = receive;
    info.backlog_limit = send;
    return;
  }
  info.unacked_bytes = send;
  if (state != TcpState::kSynSent && state != TcpState::kSynRecv) {
    info.unread_bytes = receive - (receive != 0 && fin_received(state) ? 1 : 0);
  }
}

}  // namespace tcptrace::kernel
