// SPDX-License-Identifier: GPL-2.0
// The answer to a segment: tcp_v4_send_reset() and tcp_v6_send_reset(). What the segment was and
// what socket, if any, it found tell why. And a packet filter's resets, which say it themselves.
#include <chrono>

#include "base/text.h"
#include "diagnose/advice.h"
#include "diagnose/rule.h"

namespace tcptrace::diagnose {
namespace {

using model::Cause;
using model::Confidence;
using model::OwnerSource;
using model::TcpInfo;
using model::TcpState;

bool segment_seen(const Evidence& e) { return e.event.trigger_flags != 0; }

bool has_flags(const Evidence& e, std::uint8_t set, std::uint8_t clear) {
  return segment_seen(e) && (e.event.trigger_flags & set) == set &&
         (e.event.trigger_flags & clear) == 0;
}

// Only the RST was seen, as it left: it answers a segment that found no full socket. RFC 9293,
// 3.10.7.1: with ACK, a segment without one; else one whose ack is its own sequence number.
bool only_reset_seen(const Evidence& e) { return !segment_seen(e) && e.event.rst_flags != 0; }

bool reset_answers_syn(const Evidence& e) {
  return only_reset_seen(e) && (e.event.rst_flags & kAck) != 0;
}

bool reset_answers_ack(const Evidence& e) {
  return only_reset_seen(e) && (e.event.rst_flags & kAck) == 0;
}

bool found(const Evidence& e, TcpState state) { return e.event.socket_state == state; }

// A connection of this host that ended a short time ago had this tuple.
bool known_once(const Evidence& e) {
  return e.event.owner && e.event.owner->source == OwnerSource::kClosed;
}

bool finds_nobody(const Evidence& e) {
  return e.event.no_socket || reset_answers_ack(e) ||
         (found(e, TcpState::kListen) && !has_flags(e, kSyn, 0));
}

bool refused(const Evidence& e) { return e.event.no_socket && has_flags(e, kSyn, kAck); }

bool queue_full(const Evidence& e) {
  return found(e, TcpState::kListen) && has_flags(e, kAck, kSyn) &&
         reason_allows(e, "INVALID_SYN") && queue_is_full(e);
}

bool echo(const Evidence& e) { return e.event.earlier && finds_nobody(e); }

bool bad_syn(const Evidence& e) { return found(e, TcpState::kListen) && has_flags(e, kSyn, 0); }

bool old_connection_answers(const Evidence& e) {
  return found(e, TcpState::kSynSent) && has_flags(e, kAck, kSyn);
}

bool bad_synack(const Evidence& e) {
  return found(e, TcpState::kSynSent) && has_flags(e, kSyn | kAck, 0);
}

bool bad_final_ack(const Evidence& e) {
  return found(e, TcpState::kSynRecv) || found(e, TcpState::kNewSynRecv);
}

bool closed_idle(const Evidence& e) { return e.event.closing && e.event.closing->idle >= kIdle; }

// Sent before the FIN had arrived: it does not acknowledge it (RFC 9293, 3.4).
bool crossed_fin(const Evidence& e) {
  const bool data = has_flags(e, kAck, kSyn) && e.event.trigger_bytes > 0;
  return e.event.closing && (data || reset_answers_ack(e)) &&
         static_cast<std::int32_t>(e.event.trigger_ack - e.event.closing->fin_seq) <= 0;
}

bool closed_by_application(const Evidence& e) {
  return found(e, TcpState::kTimeWait) || (found(e, TcpState::kClose) && e.event.orphan);
}

bool for_what_was_closed(const Evidence& e) {
  return closed_by_application(e) || (known_once(e) && finds_nobody(e));
}

bool keepalive_race(const Evidence& e) {
  return crossed_fin(e) && closed_idle(e) && for_what_was_closed(e);
}

bool closed_while_sent_to(const Evidence& e) { return crossed_fin(e) && for_what_was_closed(e); }

bool linger2_fired(const Evidence& e) {
  return found(e, TcpState::kClose) && e.event.orphan && has_flags(e, kAck, kSyn | kFin) &&
         e.event.trigger_bytes == 0 &&
         info_has(e, [](const TcpInfo& info) { return info.linger2 < 0; });
}

bool data_after_shutdown(const Evidence& e) {
  return found(e, TcpState::kClose) && !e.event.orphan &&
         info_has(e, [](const TcpInfo& info) { return (info.shutdown & kRcvShutdown) != 0; });
}

bool data_after_close(const Evidence& e) {
  return closed_by_application(e) && (!segment_seen(e) || e.event.trigger_bytes > 0);
}

bool data_for_the_closed(const Evidence& e) { return finds_nobody(e) && known_once(e); }

bool stranger(const Evidence& e) {
  return finds_nobody(e) && (segment_seen(e) || only_reset_seen(e)) && !has_flags(e, kSyn, 0);
}

bool translation_lost(const Evidence& e) { return stranger(e) && e.event.translated; }

void segment(const Evidence& e, Facts& facts) {
  add_kernel_reason(e, facts);
  if (e.event.socket_state != TcpState::kUnknown) {
    facts.add("socket_state", model::state_name(e.event.socket_state));
  } else if (e.event.no_socket) {
    facts.add("no_socket", true);
  }
  if (segment_seen(e)) {
    facts.add("segment_bytes", e.event.trigger_bytes);
  } else if (only_reset_seen(e)) {
    facts.add("answers_ack", reset_answers_ack(e));
  }
}

void queue(const Evidence& e, Facts& facts) {
  facts.add("backlog", e.event.info->backlog).add("backlog_limit", e.event.info->backlog_limit);
  segment(e, facts);
}

void closing(const Evidence& e, Facts& facts) {
  if (e.event.closing) {
    facts.add("idle_before_close_ms", e.event.closing->idle.count());
    facts.add("since_close_us",
              std::chrono::duration_cast<std::chrono::microseconds>(e.event.closing->ago).count());
    if (segment_seen(e) || reset_answers_ack(e)) {
      facts.add("peer_had_our_fin", !crossed_fin(e));
    }
  }
  segment(e, facts);
}

std::string live_local(const Evidence& e) {
  const model::Tuple& live = *e.event.translated;
  return model::endpoint_text(live.family, live.local, live.local_port);
}

std::string live_peer(const Evidence& e) {
  const model::Tuple& live = *e.event.translated;
  return model::endpoint_text(live.family, live.peer, live.peer_port);
}

void translated(const Evidence& e, Facts& facts) {
  facts.add("live_local", live_local(e)).add("live_peer", live_peer(e));
  segment(e, facts);
}

void earlier(const Evidence& e, Facts& facts) {
  using Milliseconds = std::chrono::duration<double, std::milli>;
  facts.add("earlier_cause", model::cause_name(e.event.earlier->cause))
      .add("earlier_reset_ms", fmt::format("{:.3f}", Milliseconds(e.event.earlier->ago).count()));
  closing(e, facts);
}

std::string nobody_listens(const Evidence& e) {
  return fmt::format("nobody listens on port {}", e.event.connection.local_port);
}

std::string race_summary(const Evidence& e) {
  return fmt::format(
      "a request crossed our close on the wire: idle for {}, closed here, and {} later the request "
      "came",
      human_duration(e.event.closing->idle), human_duration(e.event.closing->ago));
}

constexpr std::string_view kRaiseKeepAlive =
    "give this side a longer keep-alive timeout than its clients (or the balancer) have: who sends "
    "requests must be the first to close";

constexpr std::string_view kHalfClose =
    "close only after the peer has: shutdown(SHUT_WR), read until end of file, then close";

constexpr Rule kReplyRules[] = {
    {.cause = Cause::kMptcpReset,
     .confidence = Confidence::kCertain,
     .holds = [](const Evidence& e) { return e.event.kernel_reason.starts_with("MPTCP_RST_"); },
     .summary = [](const Evidence&) -> std::string { return "multipath TCP refused a subflow"; },
     .facts = segment,
     .advice = advice::kSubflowsGoOn},
    {.cause = Cause::kConnectionRefused,
     .confidence = Confidence::kCertain,
     .holds = refused,
     .summary = nobody_listens,
     .facts = segment,
     .advice = advice::kStartServer},
    {.cause = Cause::kConnectionRefused,
     .confidence = Confidence::kLikely,
     .holds = reset_answers_syn,
     .summary = nobody_listens,
     .facts = segment,
     .advice = advice::kStartServer},
    {.cause = Cause::kAcceptQueueOverflow,
     .confidence = Confidence::kCertain,
     .holds = queue_full,
     .summary =
         [](const Evidence& e) {
           return queue_was_full(e.event.connection.local_port, e.event.info->backlog,
                                 e.event.info->backlog_limit);
         },
     .facts = queue,
     .advice = "raise the backlog of listen() and net.core.somaxconn, accept faster, or set "
               "net.ipv4.tcp_abort_on_overflow to 0 so that clients try again"},
    {.cause = Cause::kUnknown,
     .confidence = Confidence::kUnknown,
     .holds = echo,
     .summary =
         [](const Evidence& e) {
           return fmt::format(
               "answers a segment that was under way when this side reset the connection {} "
               "earlier ({})",
               human_duration(e.event.earlier->ago), model::cause_name(e.event.earlier->cause));
         },
     .facts = earlier,
     .advice = {},
     .of_earlier = true},
    {.cause = Cause::kBadHandshake,
     .confidence = Confidence::kLikely,
     .holds = bad_syn,
     .summary = [](const Evidence&) -> std::string {
       return "a SYN that does not belong to its handshake";
     },
     .facts = segment,
     .advice = advice::kFindForger},
    {.cause = Cause::kTimeWaitCollision,
     .confidence = Confidence::kLikely,
     .holds = old_connection_answers,
     .summary = [](const Evidence&) -> std::string {
       return "the SYN met an older connection with the same ports at the peer, which answered";
     },
     .facts = segment,
     .advice = "reuse ports later: a wider net.ipv4.ip_local_port_range, more source addresses, or "
               "longer-lived connections"},
    {.cause = Cause::kBadHandshake,
     .confidence = Confidence::kLikely,
     .holds = bad_synack,
     .summary = [](const Evidence&) -> std::string {
       return "a SYN-ACK that acknowledges what was never sent";
     },
     .facts = segment,
     .advice = "look for a device on the way that answers for the peer"},
    {.cause = Cause::kBadHandshake,
     .confidence = Confidence::kLikely,
     .holds = bad_final_ack,
     .summary = [](const Evidence&) -> std::string {
       return "the handshake's last segment does not fit the SYN-ACK";
     },
     .facts = segment,
     .advice = advice::kFindForger},
    {.cause = Cause::kKeepaliveRace,
     .confidence = Confidence::kCertain,
     .holds = keepalive_race,
     .summary = race_summary,
     .facts = closing,
     .advice = kRaiseKeepAlive},
    {.cause = Cause::kLinger2Expired,
     .confidence = Confidence::kCertain,
     .holds = linger2_fired,
     .summary = [](const Evidence&) -> std::string {
       return "closed with TCP_LINGER2 below 0, and the peer has acknowledged the FIN";
     },
     .facts = segment,
     .advice = advice::kLeaveLinger2},
    {.cause = Cause::kShutdownThenData,
     .confidence = Confidence::kCertain,
     .holds = data_after_shutdown,
     .summary =
         [](const Evidence& e) {
           return fmt::format("{} bytes came after this side had shut down reading",
                              e.event.trigger_bytes);
         },
     .facts = segment,
     .advice = "shut down writing only (SHUT_WR), and read until end of file"},
    {.cause = Cause::kDataAfterClose,
     .confidence = Confidence::kCertain,
     .holds = closed_while_sent_to,
     .summary = [](const Evidence&) -> std::string {
       return "this side closed while the peer was still sending";
     },
     .facts = closing,
     .advice = kHalfClose},
    {.cause = Cause::kDataAfterClose,
     .confidence = Confidence::kCertain,
     .holds = data_after_close,
     .summary = [](const Evidence&) -> std::string {
       return "the peer went on sending after this side had closed";
     },
     .facts = closing,
     .advice = kHalfClose},
    {.cause = Cause::kDataAfterClose,
     .confidence = Confidence::kLikely,
     .holds = data_for_the_closed,
     .summary = [](const Evidence&) -> std::string {
       return "a segment of a connection that this side ended a short time ago";
     },
     .facts = closing,
     .advice = kHalfClose},
    {.cause = Cause::kConntrackLost,
     .confidence = Confidence::kLikely,
     .holds = translation_lost,
     .summary =
         [](const Evidence& e) {
           return fmt::format(
               "came untranslated: the connection lives on this host as {} with {}, and NAT "
               "(conntrack) does not know it any more",
               live_local(e), live_peer(e));
         },
     .facts = translated,
     .advice = "see conntrack -S (drop, invalid, insert_failed) and what flushes or overfills the "
               "table (nf_conntrack_max); drop what is in ct state invalid, or set "
               "net.netfilter.nf_conntrack_tcp_be_liberal to 1"},
    {.cause = Cause::kUnknownConnection,
     .confidence = Confidence::kLikely,
     .holds = stranger,
     .summary = [](const Evidence&) -> std::string {
       return "a segment for a connection that this host does not know";
     },
     .facts = segment,
     .advice = "the peer kept a connection that ended here (restart, failover, expired NAT entry), "
               "or its packets go to the wrong host"},
};

constexpr Rule kFirewallRules[] = {
    {.cause = Cause::kFirewallReject,
     .confidence = Confidence::kCertain,
     .holds = [](const Evidence&) { return true; },
     .summary = [](const Evidence&) -> std::string {
       return "a rule of this host's packet filter rejects with a TCP reset";
     },
     .facts = segment,
     .advice = advice::kFindLocalRule},
};

}  // namespace

std::span<const Rule> reply_reset_rules() { return kReplyRules; }

std::span<const Rule> firewall_reset_rules() { return kFirewallRules; }

}  // namespace tcptrace::diagnose
