// SPDX-License-Identifier: GPL-2.0
// The table of hooks: each with its variants, the best first.
#include "kernel/attach_plan.h"

namespace tcptrace::kernel {
namespace {

using model::AttachFamily;
using enum AttachType;

HookRow state_row() {
  return {.name = "state",
          .purpose = "failed connects, deaths and the owners of connections",
          .required = true,
          .variants = {
              {.label = "fentry:tcp_set_state",
               .family = AttachFamily::kFentry,
               .programs = {{"tcp_set_state_fentry", kFentry, "tcp_set_state"},
                            {"inet_sk_state_store_fentry", kFentry, "inet_sk_state_store"},
                            {"inet_sk_set_state_fentry", kFentry, "inet_sk_set_state"}}},
              {.label = "tp_btf:inet_sock_set_state",
               .family = AttachFamily::kTracepoint,
               .programs = {{"state_tp_btf", kTpBtf, "inet_sock_set_state"}}},
              {.label = "raw_tp:inet_sock_set_state",
               .family = AttachFamily::kTracepoint,
               .programs = {{"state_raw_tp", kRawTp, "inet_sock_set_state"}}},
              {.label = "kprobe:tcp_set_state",
               .family = AttachFamily::kKprobe,
               .programs = {{"tcp_set_state_kprobe", kKprobe, "tcp_set_state"},
                            {"inet_sk_state_store_kprobe", kKprobe, "inet_sk_state_store"},
                            {"inet_sk_set_state_kprobe", kKprobe, "inet_sk_set_state"}}},
          }};
}

HookRow destroy_row() {
  return {.name = "destroy",
          .purpose = "forgetting sockets that are gone",
          .required = true,
          .variants = {
              {.label = "fentry:tcp_v4_destroy_sock",
               .family = AttachFamily::kFentry,
               .programs = {{"destroy_fentry", kFentry, "tcp_v4_destroy_sock"}}},
              {.label = "tp_btf:tcp_destroy_sock",
               .family = AttachFamily::kTracepoint,
               .programs = {{"destroy_tp_btf", kTpBtf, "tcp_destroy_sock"}}},
              {.label = "raw_tp:tcp_destroy_sock",
               .family = AttachFamily::kTracepoint,
               .programs = {{"destroy_raw_tp", kRawTp, "tcp_destroy_sock"}}},
              {.label = "kprobe:tcp_v4_destroy_sock",
               .family = AttachFamily::kKprobe,
               .programs = {{"destroy_kprobe", kKprobe, "tcp_v4_destroy_sock"}}},
          }};
}

// The tracepoint first where it is complete: it fires only for what is really sent, and says why
// ("tcp: introduce rstreason", commit b533fb9cf4f7, v6.11). Before, it skips replies without a full
// socket, so the functions come first, and the egress hook makes it complete where there are only
// tracepoints.
HookRow reset_sent_row() {
  constexpr std::string_view kOld =
      "resets in reply to a segment without a socket are seen as they leave: without that segment "
      "and the kernel's reason";
  return {.name = "reset_sent",
          .purpose = "resets sent by this host",
          .required = true,
          .variants = {
              {.label = "tp_btf:tcp_send_reset",
               .family = AttachFamily::kTracepoint,
               .programs = {{"send_reset_tp_btf", kTpBtf, "tcp_send_reset"}},
               .needs_reset_reason = true,
               .announces_replies = true},
              {.label = "raw_tp:tcp_send_reset",
               .family = AttachFamily::kTracepoint,
               .programs = {{"send_reset_raw_tp", kRawTp, "tcp_send_reset"}},
               .needs_reset_reason = true,
               .announces_replies = true},
              {.label = "fentry:tcp_send_active_reset,tcp_v4_send_reset,tcp_v6_send_reset",
               .family = AttachFamily::kFentry,
               .programs = {{"active_reset_fentry", kFentry, "tcp_send_active_reset"},
                            {"reply_v4_fentry", kFentry, "tcp_v4_send_reset"},
                            {"reply_v6_fentry", kFentry, "tcp_v6_send_reset"}},
               .announces_replies = true},
              {.label = "kprobe:tcp_send_active_reset,tcp_v4_send_reset,tcp_v6_send_reset",
               .family = AttachFamily::kKprobe,
               .programs = {{"active_reset_kprobe", kKprobe, "tcp_send_active_reset"},
                            {"reply_v4_kprobe", kKprobe, "tcp_v4_send_reset"},
                            {"reply_v6_kprobe", kKprobe, "tcp_v6_send_reset"}},
               .announces_replies = true},
              {.label = "tp_btf:tcp_send_reset,net_dev_queue",
               .family = AttachFamily::kTracepoint,
               .programs = {{"send_reset_tp_btf", kTpBtf, "tcp_send_reset"},
                            {"egress_tp_btf", kTpBtf, "net_dev_queue"}},
               .limit = kOld,
               .watches_egress = true},
              {.label = "raw_tp:tcp_send_reset,net_dev_queue",
               .family = AttachFamily::kTracepoint,
               .programs = {{"send_reset_raw_tp", kRawTp, "tcp_send_reset"},
                            {"egress_raw_tp", kRawTp, "net_dev_queue"}},
               .limit = kOld,
               .watches_egress = true},
          }};
}

// nf_send_reset() bypasses the TCP stack on every kernel.
HookRow reset_netfilter_row() {
  return {.name = "reset_netfilter",
          .purpose = "resets sent by a firewall",
          .required = false,
          .variants = {
              {.label = "fentry:nf_send_reset,nf_send_reset6",
               .family = AttachFamily::kFentry,
               .programs = {{"netfilter_v4_fentry", kFentry, "nf_send_reset"},
                            {"netfilter_v6_fentry", kFentry, "nf_send_reset6"}}},
              {.label = "kprobe:nf_send_reset,nf_send_reset6",
               .family = AttachFamily::kKprobe,
               .programs = {{"netfilter_v4_kprobe", kKprobe, "nf_send_reset"},
                            {"netfilter_v6_kprobe", kKprobe, "nf_send_reset6"}},
               .limit = {}},
              {.label = "tp_btf:net_dev_queue",
               .family = AttachFamily::kTracepoint,
               .programs = {{"egress_tp_btf", kTpBtf, "net_dev_queue"}},
               .watches_egress = true},
              {.label = "raw_tp:net_dev_queue",
               .family = AttachFamily::kTracepoint,
               .programs = {{"egress_raw_tp", kRawTp, "net_dev_queue"}},
               .watches_egress = true},
          }};
}

// The function has the segment at hand, and so the TTL: the tracepoint has not.
HookRow reset_received_row() {
  return {.name = "reset_received",
          .purpose = "resets received by a socket of this host",
          .required = true,
          .variants = {
              {.label = "fentry:tcp_reset",
               .family = AttachFamily::kFentry,
               .programs = {{"receive_reset_fentry", kFentry, "tcp_reset"}}},
              {.label = "kprobe:tcp_reset",
               .family = AttachFamily::kKprobe,
               .programs = {{"receive_reset_kprobe", kKprobe, "tcp_reset"}}},
              {.label = "tp_btf:tcp_receive_reset",
               .family = AttachFamily::kTracepoint,
               .programs = {{"receive_reset_tp_btf", kTpBtf, "tcp_receive_reset"}}},
              {.label = "raw_tp:tcp_receive_reset",
               .family = AttachFamily::kTracepoint,
               .programs = {{"receive_reset_raw_tp", kRawTp, "tcp_receive_reset"}}},
          }};
}

// The tracepoint where it tells failures as well (commit ad892e912b84, v6.17), before the
// functions: those may be inlined into one another, and only both together see all.
HookRow retransmit_row() {
  constexpr std::string_view kSilent = "retransmissions that failed on this host are not reported";
  return {.name = "retransmit",
          .purpose = "retransmissions",
          .required = true,
          .in_softirq = true,
          .variants = {
              {.label = "tp_btf:tcp_retransmit_skb",
               .family = AttachFamily::kTracepoint,
               .programs = {{"retransmit_tp_btf", kTpBtf, "tcp_retransmit_skb"}},
               .needs_retransmit_error = true},
              {.label = "raw_tp:tcp_retransmit_skb",
               .family = AttachFamily::kTracepoint,
               .programs = {{"retransmit_raw_tp", kRawTp, "tcp_retransmit_skb"}},
               .needs_retransmit_error = true},
              {.label = "fexit:tcp_retransmit_skb,__tcp_retransmit_skb",
               .family = AttachFamily::kFentry,
               .programs = {{"retransmit_fexit", kFentry, "tcp_retransmit_skb"},
                            {"retransmit_inner_fexit", kFentry, "__tcp_retransmit_skb"}}},
              {.label = "tp_btf:tcp_retransmit_skb",
               .family = AttachFamily::kTracepoint,
               .programs = {{"retransmit_tp_btf", kTpBtf, "tcp_retransmit_skb"}},
               .limit = kSilent},
              {.label = "raw_tp:tcp_retransmit_skb",
               .family = AttachFamily::kTracepoint,
               .programs = {{"retransmit_raw_tp", kRawTp, "tcp_retransmit_skb"}},
               .limit = kSilent},
              {.label = "kretprobe:tcp_retransmit_skb,__tcp_retransmit_skb",
               .family = AttachFamily::kKprobe,
               .programs = {{"retransmit_kprobe", kKprobe, "tcp_retransmit_skb"},
                            {"retransmit_inner_kprobe", kKprobe, "__tcp_retransmit_skb"},
                            {"retransmit_kretprobe", kKprobe, "tcp_retransmit_skb"},
                            {"retransmit_inner_kretprobe", kKprobe, "__tcp_retransmit_skb"}}},
          }};
}

HookRow synack_row() {
  return {.name = "retransmit_synack",
          .purpose = "retransmissions of SYN-ACKs",
          .required = false,
          .in_softirq = true,
          .variants = {
              {.label = "fexit:tcp_rtx_synack",
               .family = AttachFamily::kFentry,
               .programs = {{"synack_fentry", kFentry, "tcp_rtx_synack"},
                            {"synack_fexit", kFentry, "tcp_rtx_synack"}}},
              {.label = "tp_btf:tcp_retransmit_synack",
               .family = AttachFamily::kTracepoint,
               .programs = {{"synack_tp_btf", kTpBtf, "tcp_retransmit_synack"}}},
              {.label = "raw_tp:tcp_retransmit_synack",
               .family = AttachFamily::kTracepoint,
               .programs = {{"synack_raw_tp", kRawTp, "tcp_retransmit_synack"}}},
              {.label = "kprobe:tcp_rtx_synack",
               .family = AttachFamily::kKprobe,
               .programs = {{"synack_kprobe", kKprobe, "tcp_rtx_synack"}},
               .limit = "SYN-ACKs that could not be sent are counted as well"},
          }};
}

HookRow accept_row() {
  return {.name = "accept",
          .purpose = "accepts, and which worker owns a connection",
          .required = false,
          .variants = {
              {.label = "fexit:inet_csk_accept",
               .family = AttachFamily::kFentry,
               .programs = {{"accept_fexit", kFentry, "inet_csk_accept"}}},
              {.label = "kretprobe:inet_csk_accept",
               .family = AttachFamily::kKprobe,
               .programs = {{"accept_kretprobe", kKprobe, "inet_csk_accept"}}},
              {.label = "tp:sys_exit_accept4,sys_exit_accept",
               .family = AttachFamily::kTracepoint,
               .programs = {{"accept4_tp", kSyscallTp, "sys_exit_accept4"},
                            {"accept_tp", kSyscallTp, "sys_exit_accept"}},
               .limit = "connections accepted through io_uring belong to their listener's owner"},
          }};
}

// What fails before a SYN leaves shows in the state machine not at all, or without its errno.
HookRow connect_row() {
  return {.name = "connect_error",
          .purpose = "connects that fail before a SYN leaves: no route, no free port",
          .required = false,
          .variants = {
              {.label = "fexit:tcp_v4_connect,tcp_v6_connect",
               .family = AttachFamily::kFentry,
               .programs = {{"connect_v4_fexit", kFentry, "tcp_v4_connect"},
                            {"connect_v6_fexit", kFentry, "tcp_v6_connect"}},
               .tells_connect_errors = true},
              {.label = "kretprobe:tcp_v4_connect,tcp_v6_connect",
               .family = AttachFamily::kKprobe,
               .programs = {{"connect_v4_kprobe", kKprobe, "tcp_v4_connect"},
                            {"connect_v6_kprobe", kKprobe, "tcp_v6_connect"},
                            {"connect_v4_kretprobe", kKprobe, "tcp_v4_connect"},
                            {"connect_v6_kretprobe", kKprobe, "tcp_v6_connect"}},
               .tells_connect_errors = true},
              {.label = "tp:sys_exit_connect",
               .family = AttachFamily::kTracepoint,
               .programs = {{"connect_tp", kSyscallTp, "sys_exit_connect"}},
               .tells_connect_errors = true},
          }};
}

// Nothing but a function sees the segment.
HookRow handshake_row() {
  return {.name = "handshake",
          .purpose = "the peer's TTL, which tells a reset of its own from one made on the way",
          .required = false,
          .variants = {
              {.label = "fentry:tcp_rcv_state_process",
               .family = AttachFamily::kFentry,
               .programs = {{"segment_fentry", kFentry, "tcp_rcv_state_process"}}},
              {.label = "kprobe:tcp_rcv_state_process",
               .family = AttachFamily::kKprobe,
               .programs = {{"segment_kprobe", kKprobe, "tcp_rcv_state_process"}}},
          }};
}

}  // namespace

const std::vector<HookRow>& hook_rows() {
  static const std::vector<HookRow> rows = {
      state_row(),          destroy_row(),    reset_sent_row(), reset_netfilter_row(),
      reset_received_row(), retransmit_row(), synack_row(),     accept_row(),
      connect_row(),        handshake_row(),
  };
  return rows;
}

}  // namespace tcptrace::kernel
