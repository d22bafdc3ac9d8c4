// SPDX-License-Identifier: GPL-2.0
// TCP_INFO as JSON: struct tcp_info's names, with units. What the kernel does not know is left out.
#include "model/ca_state.h"
#include "output/json_record.h"
#include "output/words.h"

namespace tcptrace::output {
namespace {

using model::TcpInfo;

void write_timing(JsonWriter& json, const TcpInfo& info) {
  if (info.rtt_us != 0) {
    json.number<"rtt_us">(info.rtt_us);
    json.number<"rttvar_us">(info.rttvar_us);
  }
  json.number_unless_zero<"min_rtt_us">(info.min_rtt_us);
  json.number<"rto_us">(info.rto_us);
}

void write_window(JsonWriter& json, const TcpInfo& info, bool receive_window) {
  json.number<"snd_cwnd">(info.snd_cwnd);
  if (ssthresh_is_set(info)) {
    json.number<"snd_ssthresh">(info.snd_ssthresh);
  }
  json.number<"snd_mss">(info.snd_mss);
  json.number<"rcv_mss">(info.rcv_mss);
  json.number<"snd_wnd">(info.snd_wnd);
  if (receive_window) {
    json.number<"rcv_wnd">(info.rcv_wnd);
  }
}

void write_recovery(JsonWriter& json, const TcpInfo& info) {
  json.word_unless_empty<"ca_state">(model::ca_state_name(info.ca_state));
  json.number<"unacked">(info.unacked);
  json.number<"sacked">(info.sacked);
  json.number<"lost">(info.lost);
  json.number<"retrans">(info.retrans);
  json.number<"total_retrans">(info.total_retrans);
  json.number<"retransmits">(info.retransmits);
  json.number<"probes">(info.probes);
  json.number<"backoff">(info.backoff);
  json.word_unless_empty<"timer">(timer_name(info.pending));
  json.number<"reord_seen">(info.reord_seen);
  json.number<"dsack_dups">(info.dsack_dups);
  json.number<"rcv_ooopack">(info.rcv_ooopack);
}

void write_counters(JsonWriter& json, const TcpInfo& info) {
  json.number<"bytes_sent">(info.bytes_sent);
  json.number<"bytes_acked">(info.bytes_acked);
  json.number<"bytes_retrans">(info.bytes_retrans);
  json.number<"bytes_received">(info.bytes_received);
  json.number<"segs_out">(info.segs_out);
  json.number<"segs_in">(info.segs_in);
  json.number<"data_segs_out">(info.data_segs_out);
  json.number<"data_segs_in">(info.data_segs_in);
  json.number<"delivered">(info.delivered);
}

void write_queues(JsonWriter& json, const TcpInfo& info) {
  json.number<"unread_bytes">(info.unread_bytes);
  json.number<"unsent_bytes">(info.unsent_bytes);
  json.number<"unacked_bytes">(info.unacked_bytes);
}

void write_idle(JsonWriter& json, const TcpInfo& info) {
  json.number<"last_data_sent_ms">(info.last_data_sent_ms);
  json.number<"last_data_recv_ms">(info.last_data_recv_ms);
  json.number<"last_ack_recv_ms">(info.last_ack_recv_ms);
}

void write_socket(JsonWriter& json, const TcpInfo& info) {
  write_errno<"sk_err">(json, info.sk_err);
  write_errno<"sk_err_soft">(json, info.sk_err_soft);
  json.word_unless_empty<"shutdown">(shutdown_name(info.shutdown));
  json.number_unless_zero<"user_timeout_ms">(info.user_timeout_ms);
  // Kept in the kernel's ticks, whose length userspace is not told.
  json.number_unless_zero<"linger2_jiffies">(info.linger2);
  if (info.lingertime_ms >= 0) {
    json.number<"lingertime_ms">(info.lingertime_ms);
  }
  json.flag<"keepalive">(info.keepalive);
  json.flag<"repair">(info.repair);
  json.flag<"signs_md5">(info.signs_md5);
  json.flag<"signs_ao">(info.signs_ao);
}

}  // namespace

void write_tcp_info(JsonWriter& json, const TcpInfo& info, InfoScope scope) {
  json.object<"tcp_info">();
  if (scope.connection) {
    write_timing(json, info);
    write_window(json, info, scope.receive_window);
    write_recovery(json, info);
    write_counters(json, info);
    write_queues(json, info);
    if (scope.opened) {
      write_idle(json, info);
    }
    write_socket(json, info);
  } else {
    json.number<"backlog">(info.backlog);
    json.number<"backlog_limit">(info.backlog_limit);
  }
  json.close_object();
}

}  // namespace tcptrace::output
