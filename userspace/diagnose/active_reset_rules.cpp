// SPDX-License-Identifier: GPL-2.0
// A socket of this host gave up: tcp_send_active_reset() and who calls it (net/ipv4/tcp.c,
// tcp_timer.c, inet_connection_sock.c). close() and disconnect() leave the state first, timers and
// aborts do not: that and what the socket held tell them apart.
#include "diagnose/advice.h"
#include "diagnose/rule.h"

namespace tcptrace::diagnose {
namespace {

using model::Cause;
using model::Confidence;
using model::TcpInfo;
using model::TcpState;

bool left_state(const Evidence& e) { return e.event.socket_state == TcpState::kClose; }

// Subflows are closed for multipath TCP's own reasons, by whoever runs its worker.
bool subflow(const Evidence& e) {
  return e.event.mptcp || e.event.kernel_reason.starts_with("MPTCP_RST_");
}

bool orphan_in_fin_wait2(const Evidence& e) {
  return !left_state(e) && e.event.orphan && e.event.socket_state == TcpState::kFinWait2 &&
         info_has(e, [](const TcpInfo& info) { return info.linger2 < 0; });
}

bool orphan_while_closing(const Evidence& e) {
  const TcpState state = e.event.socket_state;
  return !left_state(e) && e.event.orphan &&
         (state == TcpState::kFinWait1 || state == TcpState::kLastAck ||
          state == TcpState::kClosing) &&
         reason_allows(e, "TCP_ABORT_ON_MEMORY");
}

bool probes_unanswered(const Evidence& e) {
  return !left_state(e) && !e.event.by && reason_allows(e, "TCP_KEEPALIVE_TIMEOUT") &&
         info_has(e, [](const TcpInfo& info) { return info.probes > 0; });
}

bool user_timeout_of_probes(const Evidence& e) {
  return probes_unanswered(e) &&
         info_has(e, [](const TcpInfo& info) { return info.user_timeout_ms != 0; });
}

bool aborted_by_somebody(const Evidence& e) { return !left_state(e) && e.event.by.has_value(); }

bool never_accepted(const Evidence& e) { return left_state(e) && e.event.never_accepted; }

bool linger2_at_close(const Evidence& e) {
  return left_state(e) && e.event.connection.state == TcpState::kFinWait2 &&
         info_has(e, [](const TcpInfo& info) { return info.linger2 < 0; });
}

bool memory_at_close(const Evidence& e) {
  return left_state(e) && (has_reason(e, "TCP_ABORT_ON_MEMORY") ||
                           (e.event.kernel_reason.empty() && e.event.orphan));
}

bool closed_both_ways(const Evidence& e) {
  return left_state(e) &&
         info_has(e, [](const TcpInfo& info) { return info.shutdown == kShutdownMask; });
}

bool unread_at_close(const Evidence& e) {
  return closed_both_ways(e) && reason_allows(e, "TCP_ABORT_ON_CLOSE") &&
         info_has(e, [](const TcpInfo& info) { return info.unread_bytes > 0; });
}

bool exiting_with_unread(const Evidence& e) { return e.event.by_exiting && unread_at_close(e); }

bool linger_zero(const Evidence& e) {
  return closed_both_ways(e) && !has_reason(e, "TCP_ABORT_ON_CLOSE") &&
         info_has(e, [](const TcpInfo& info) { return info.lingertime_ms == 0; });
}

bool exiting_with_linger_zero(const Evidence& e) { return e.event.by_exiting && linger_zero(e); }

bool disconnected(const Evidence& e) {
  return left_state(e) && e.event.by && !e.event.by_exiting &&
         info_has(e, [](const TcpInfo& info) { return info.shutdown != kShutdownMask; });
}

std::string_view actor(const Evidence& e) {
  const auto& task = e.event.by ? e.event.by : e.event.owner;
  return task ? task->comm_view() : std::string_view("the application");
}

void reason_and_state(const Evidence& e, Facts& facts) {
  add_kernel_reason(e, facts);
  facts.add("state", model::state_name(e.event.connection.state));
}

void by_whom(const Evidence& e, Facts& facts) {
  reason_and_state(e, facts);
  if (e.event.by) {
    facts.add("by_pid", e.event.by->pid).add("by_comm", e.event.by->comm_view());
  }
  if (e.event.by_exiting) {
    facts.add("exiting", true);
  }
}

void unread(const Evidence& e, Facts& facts) {
  facts.add("unread_bytes", e.event.info->unread_bytes);
  by_whom(e, facts);
}

void lingering(const Evidence& e, Facts& facts) {
  facts.add("so_linger_ms", e.event.info->lingertime_ms);
  by_whom(e, facts);
}

void probing(const Evidence& e, Facts& facts) {
  facts.add("probes", e.event.info->probes).add("last_ack_recv_ms", e.event.info->last_ack_recv_ms);
  if (e.event.info->user_timeout_ms != 0) {
    facts.add("user_timeout_ms", e.event.info->user_timeout_ms);
  }
  reason_and_state(e, facts);
}

void linger2(const Evidence& e, Facts& facts) {
  facts.add("tcp_linger2", e.event.info->linger2);
  reason_and_state(e, facts);
}

constexpr Rule kActiveResetRules[] = {
    {.cause = Cause::kMptcpReset,
     .confidence = Confidence::kCertain,
     .holds = subflow,
     .summary = [](const Evidence&) -> std::string { return "multipath TCP reset a subflow"; },
     .facts = reason_and_state,
     .advice = advice::kSubflowsGoOn},
    {.cause = Cause::kLinger2Expired,
     .confidence = Confidence::kCertain,
     .holds = orphan_in_fin_wait2,
     .summary = [](const Evidence&) -> std::string {
       return "closed with TCP_LINGER2 below 0, so the kernel did not wait for the peer's FIN";
     },
     .facts = linger2,
     .advice = advice::kLeaveLinger2},
    {.cause = Cause::kOrphanLimit,
     .confidence = Confidence::kLikely,
     .holds = orphan_while_closing,
     .summary = [](const Evidence&) -> std::string {
       return "closed and still sending, but there were too many such sockets or too little memory "
              "for them";
     },
     .facts = reason_and_state,
     .advice = advice::kSeeOrphanLimits},
    {.cause = Cause::kUserTimeout,
     .confidence = Confidence::kCertain,
     .holds = user_timeout_of_probes,
     .summary =
         [](const Evidence& e) {
           return fmt::format(
               "the peer answered no keep-alive probe within TCP_USER_TIMEOUT ({} ms)",
               e.event.info->user_timeout_ms);
         },
     .facts = probing,
     .advice = advice::kPeerIsGone},
    {.cause = Cause::kKeepaliveTimeout,
     .confidence = Confidence::kCertain,
     .holds = probes_unanswered,
     .summary =
         [](const Evidence& e) {
           return fmt::format("the peer answered none of {} keep-alive probes",
                              e.event.info->probes);
         },
     .facts = probing,
     .advice = "the peer or something on the way forgot this idle connection: close idle ones "
               "earlier, or probe before the shortest idle timeout on the way"},
    {.cause = Cause::kAdminAbort,
     .confidence = Confidence::kCertain,
     .holds = aborted_by_somebody,
     .summary =
         [](const Evidence& e) {
           return fmt::format("{} aborted the connection (SOCK_DESTROY, as ss -K does)", actor(e));
         },
     .facts = by_whom,
     .advice = advice::kAskWho},
    {.cause = Cause::kListenerClosed,
     .confidence = Confidence::kCertain,
     .holds = never_accepted,
     .summary = [](const Evidence&) -> std::string {
       return "the listener went away before anybody accepted this connection";
     },
     .facts = by_whom,
     .advice = "stop accepting after the balancer has taken this server out, and accept what is "
               "queued before the listener closes"},
    {.cause = Cause::kLinger2Expired,
     .confidence = Confidence::kCertain,
     .holds = linger2_at_close,
     .summary = [](const Evidence&) -> std::string {
       return "closed with TCP_LINGER2 below 0 before the peer's FIN had come";
     },
     .facts = linger2,
     .advice = advice::kLeaveLinger2},
    {.cause = Cause::kOrphanLimit,
     .confidence = Confidence::kLikely,
     .holds = memory_at_close,
     .summary = [](const Evidence&) -> std::string {
       return "closed while there were too many orphaned sockets or too little TCP memory";
     },
     .facts = reason_and_state,
     .advice = advice::kSeeOrphanLimits},
    {.cause = Cause::kProcessExit,
     .confidence = Confidence::kCertain,
     .holds = exiting_with_unread,
     .summary =
         [](const Evidence& e) {
           return fmt::format("{} ended with {} received bytes unread", actor(e),
                              e.event.info->unread_bytes);
         },
     .facts = unread,
     .advice = "find out why it ended (exit, signal, out of memory); on a planned stop, drain "
               "connections first"},
    {.cause = Cause::kCloseWithUnreadData,
     .confidence = Confidence::kCertain,
     .holds = unread_at_close,
     .summary =
         [](const Evidence& e) {
           return fmt::format("{} closed with {} received bytes unread", actor(e),
                              e.event.info->unread_bytes);
         },
     .facts = unread,
     .advice = "read to the end of the request (or of the connection) before closing; for what is "
               "unwanted, shutdown(SHUT_WR) and read until end of file"},
    {.cause = Cause::kProcessExit,
     .confidence = Confidence::kCertain,
     .holds = exiting_with_linger_zero,
     .summary =
         [](const Evidence& e) {
           return fmt::format("{} ended, and its socket had SO_LINGER with time 0", actor(e));
         },
     .facts = lingering,
     .advice = "find out why it ended; without SO_LINGER 0 the kernel would send what is queued"},
    {.cause = Cause::kAbortiveClose,
     .confidence = Confidence::kCertain,
     .holds = linger_zero,
     .summary =
         [](const Evidence& e) {
           return fmt::format("{} asked for a reset: SO_LINGER with time 0", actor(e));
         },
     .facts = lingering,
     .advice = "remove SO_LINGER 0 (in Java setSoLinger(true, 0), in Go SetLinger(0)) unless the "
               "peer is meant to see an error"},
    {.cause = Cause::kDisconnect,
     .confidence = Confidence::kCertain,
     .holds = disconnected,
     .summary =
         [](const Evidence& e) {
           return fmt::format("{} dissolved the connection with connect(AF_UNSPEC)", actor(e));
         },
     .facts = by_whom,
     .advice = "close the socket instead, if the peer shall not see an error"},
};

}  // namespace

std::span<const Rule> active_reset_rules() { return kActiveResetRules; }

}  // namespace tcptrace::diagnose
