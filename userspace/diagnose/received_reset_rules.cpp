// SPDX-License-Identifier: GPL-2.0
// A reset that came: what this side's state and the RST's own header tell of the peer. Its reason
// is on the other host, so little here is certain.
#include <algorithm>
#include <chrono>

#include "base/text.h"
#include "diagnose/advice.h"
#include "diagnose/rule.h"

namespace tcptrace::diagnose {
namespace {

using model::Cause;
using model::Confidence;
using model::TcpInfo;
using model::TcpState;

bool while_connecting(const Evidence& e) { return e.event.connection.state == TcpState::kSynSent; }

bool other_ttl(const Evidence& e) {
  return e.event.peer_ttl != 0 && e.event.trigger_ttl != 0 &&
         e.event.peer_ttl != e.event.trigger_ttl;
}

// In CLOSE_WAIT the peer has closed, and answers what this side sends with a reset. Its FIN was the
// last segment that came.
bool answered_after_its_fin(const Evidence& e) {
  return e.event.connection.state == TcpState::kCloseWait &&
         info_has(e, [](const TcpInfo& info) { return info.unacked > 0; });
}

// The times are those of the kernel's clock tick: within one tick they do not tell.
bool sent_before_its_fin(const Evidence& e) {
  return answered_after_its_fin(e) &&
         e.event.info->last_data_sent_ms > e.event.info->last_ack_recv_ms;
}

bool wrote_to_a_closed_peer(const Evidence& e) {
  return answered_after_its_fin(e) &&
         e.event.info->last_data_sent_ms < e.event.info->last_ack_recv_ms;
}

// Idle between the last data that came and the request that went.
std::chrono::milliseconds idle_before_request(const Evidence& e) {
  const auto received = std::chrono::milliseconds(e.event.info->last_data_recv_ms);
  const auto sent = std::chrono::milliseconds(e.event.info->last_data_sent_ms);
  return std::max(received - sent, std::chrono::milliseconds(0));
}

bool request_crossed_fin(const Evidence& e) {
  return sent_before_its_fin(e) && idle_before_request(e) >= kIdle;
}

bool header_seen(const Evidence& e) { return (e.event.trigger_flags & kRst) != 0; }

bool bare(const Evidence& e) { return header_seen(e) && (e.event.trigger_flags & kAck) == 0; }

bool with_ack(const Evidence& e) { return header_seen(e) && (e.event.trigger_flags & kAck) != 0; }

Cause sender_cause(const Evidence& e) {
  return e.event.sender ? e.event.sender->cause : Cause::kUnknown;
}

// The other end's reason names that of this one.
template <Cause... Causes>
bool sender_says(const Evidence& e) {
  return ((sender_cause(e) == Causes) || ...);
}

// The peer had closed, and was written to all the same.
bool sender_had_closed(const Evidence& e) {
  return sender_says<Cause::kDataAfterClose, Cause::kShutdownThenData>(e) &&
         e.event.connection.state == TcpState::kCloseWait;
}

// It had ended without a FIN: nothing there says more than that it is no longer known.
bool sender_does_not_know_it(const Evidence& e) {
  return sender_says<Cause::kUnknownConnection>(e) ||
         (sender_says<Cause::kDataAfterClose>(e) &&
          e.event.sender->confidence < Confidence::kCertain);
}

bool sender_known(const Evidence& e) { return sender_cause(e) != Cause::kUnknown; }

std::string_view sender_name(const Evidence& e) {
  const auto& process = e.event.sender->process;
  return process ? process->comm_view() : std::string_view("the peer");
}

void state(const Evidence& e, Facts& facts) {
  facts.add("state", model::state_name(e.event.connection.state));
  add_errno(e, facts);
  if (header_seen(e)) {
    facts.add("rst_ack", (e.event.trigger_flags & kAck) != 0).add("rst_ttl", e.event.trigger_ttl);
  }
}

void both_ends(const Evidence& e, Facts& facts) {
  facts.add("sender_cause", model::cause_name(sender_cause(e)));
  if (e.event.sender->process) {
    facts.add("sender_pid", e.event.sender->process->pid)
        .add("sender_comm", e.event.sender->process->comm_view());
  }
  facts.add("sender_netns", e.event.sender->netns);
  state(e, facts);
}

void ttls(const Evidence& e, Facts& facts) {
  facts.add("peer_ttl", e.event.peer_ttl);
  state(e, facts);
}

void sending(const Evidence& e, Facts& facts) {
  facts.add("unacked", e.event.info->unacked)
      .add("last_data_sent_ms", e.event.info->last_data_sent_ms)
      .add("last_data_recv_ms", e.event.info->last_data_recv_ms)
      .add("last_ack_recv_ms", e.event.info->last_ack_recv_ms);
  state(e, facts);
}

constexpr std::string_view kCloseFirst =
    "keep idle connections for a shorter time than the peer does: who sends requests must be the "
    "first to close";
constexpr std::string_view kDropClosed =
    "take connections out of the pool when the peer closes them (a read of 0 bytes), and keep them "
    "for a shorter time than the peer does";

constexpr Rule kReceivedResetRules[] = {
    {.cause = Cause::kInjectedReset,
     .confidence = Confidence::kLikely,
     .holds = other_ttl,
     .summary =
         [](const Evidence& e) {
           return fmt::format("the reset came with TTL {}, the peer's own segments with {}",
                              e.event.trigger_ttl, e.event.peer_ttl);
         },
     .facts = ttls,
     .advice =
         "a device on the way made it: look for firewalls, intrusion prevention and balancers "
         "between the two hosts"},
    {.cause = Cause::kFirewallReject,
     .confidence = Confidence::kCertain,
     .holds = sender_says<Cause::kFirewallReject>,
     .summary = [](const Evidence&) -> std::string {
       return "a packet filter of this host rejected it with a TCP reset";
     },
     .facts = both_ends,
     .advice = advice::kFindLocalRule},
    {.cause = Cause::kConnectionRefused,
     .confidence = Confidence::kCertain,
     .holds = sender_says<Cause::kConnectionRefused>,
     .summary =
         [](const Evidence& e) {
           return fmt::format("nobody listens on port {} of the peer",
                              e.event.connection.peer_port);
         },
     .facts = both_ends,
     .advice = "start the server, or connect to the right port and address"},
    {.cause = Cause::kKeepaliveRace,
     .confidence = Confidence::kCertain,
     .holds = sender_says<Cause::kKeepaliveRace>,
     .summary =
         [](const Evidence& e) {
           return fmt::format("a request crossed the close of {} on the wire", sender_name(e));
         },
     .facts = both_ends,
     .advice = kCloseFirst},
    {.cause = Cause::kStaleConnectionReuse,
     .confidence = Confidence::kCertain,
     .holds = sender_had_closed,
     .summary =
         [](const Evidence& e) {
           return fmt::format("this side wrote to a connection that {} had already closed",
                              sender_name(e));
         },
     .facts = both_ends,
     .advice = kDropClosed},
    {.cause = Cause::kPeerLostConnection,
     .confidence = Confidence::kCertain,
     .holds = sender_does_not_know_it,
     .summary = [](const Evidence&) -> std::string {
       return "the peer does not know this connection any more";
     },
     .facts = both_ends,
     .advice = "find out what ended it there without a word: a restart, a crash, a failover"},
    {.cause = Cause::kPeerAborted,
     .confidence = Confidence::kCertain,
     .holds = sender_known,
     .summary =
         [](const Evidence& e) {
           return fmt::format("{} reset the connection: {}", sender_name(e),
                              model::cause_name(sender_cause(e)));
         },
     .facts = both_ends,
     .advice = "the reason is in the sender's record"},
    {.cause = Cause::kConnectionRefused,
     .confidence = Confidence::kLikely,
     .holds = while_connecting,
     .summary =
         [](const Evidence& e) {
           return fmt::format("port {} of the peer refused the connection",
                              e.event.connection.peer_port);
         },
     .facts = state,
     .advice =
         "nobody listens there, or a packet filter rejects it: check the server and its port"},
    {.cause = Cause::kStaleConnectionReuse,
     .confidence = Confidence::kLikely,
     .holds = wrote_to_a_closed_peer,
     .summary = [](const Evidence&) -> std::string {
       return "this side wrote to a connection that its peer had already closed";
     },
     .facts = sending,
     .advice = kDropClosed},
    {.cause = Cause::kKeepaliveRace,
     .confidence = Confidence::kLikely,
     .holds = request_crossed_fin,
     .summary =
         [](const Evidence& e) {
           return fmt::format(
               "a request crossed the peer's close on the wire: the connection had been idle for "
               "{}",
               human_duration(idle_before_request(e)));
         },
     .facts = sending,
     .advice = kCloseFirst},
    {.cause = Cause::kPeerAborted,
     .confidence = Confidence::kLikely,
     .holds = sent_before_its_fin,
     .summary = [](const Evidence&) -> std::string {
       return "the peer closed while this side was still sending";
     },
     .facts = sending,
     .advice = "look at the peer: it gave up before the request was through"},
    {.cause = Cause::kStaleConnectionReuse,
     .confidence = Confidence::kPossible,
     .holds = answered_after_its_fin,
     .summary = [](const Evidence&) -> std::string {
       return "this side sent in the moment in which the peer closed";
     },
     .facts = sending,
     .advice = kDropClosed},
    {.cause = Cause::kPeerLostConnection,
     .confidence = Confidence::kPossible,
     .holds = bare,
     .summary = [](const Evidence&) -> std::string {
       return "the peer, or what answers for it, does not know this connection any more";
     },
     .facts = state,
     .advice =
         "look at the other host: closed, restarted or failed over; or an idle timeout on the "
         "way"},
    {.cause = Cause::kPeerAborted,
     .confidence = Confidence::kLikely,
     .holds = with_ack,
     .summary = [](const Evidence&) -> std::string { return "the peer aborted the connection"; },
     .facts = state,
     .advice = advice::kTraceThere},
    {.cause = Cause::kPeerAborted,
     .confidence = Confidence::kPossible,
     .holds = [](const Evidence& e) { return !header_seen(e); },
     .summary = [](const Evidence&) -> std::string { return "the peer reset the connection"; },
     .facts = state,
     .advice = advice::kTraceThere},
};

}  // namespace

std::span<const Rule> received_reset_rules() { return kReceivedResetRules; }

}  // namespace tcptrace::diagnose
