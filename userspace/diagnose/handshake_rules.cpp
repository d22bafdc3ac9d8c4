// SPDX-License-Identifier: GPL-2.0
// A SYN-ACK that a listener of this host sends again. That its request is given up in the end no
// hook tells: how often it was sent, and the listener's queue, do.
#include "diagnose/rule.h"

namespace tcptrace::diagnose {
namespace {

using model::Cause;
using model::Confidence;
using model::TcpInfo;

// Sent a first time and so often again: by the timer after 1, 3 and 7 s (RFC 6298, 5.5), and for
// each SYN that the peer repeats, of which one comes in a second. No round trip is as long, and no
// loss by chance lasts.
constexpr std::uint8_t kUnanswered = 3;

// A queue that has just been full leaves requests behind that were acknowledged.
bool queue_has_room(const Evidence& e) {
  return info_has(e, [](const TcpInfo& info) { return info.backlog <= info.backlog_limit / 2; });
}

// Once of each request.
bool unanswered(const Evidence& e) { return e.event.attempt == kUnanswered && queue_has_room(e); }

void request(const Evidence& e, Facts& facts) {
  facts.add("synack_retransmits", e.event.attempt)
      .add("backlog", e.event.info->backlog)
      .add("backlog_limit", e.event.info->backlog_limit);
}

constexpr Rule kHandshakeRules[] = {
    {.cause = Cause::kAcceptQueueOverflow,
     .confidence = Confidence::kLikely,
     .holds = queue_is_full,  // tcp_check_req() drops the segment that would complete it
     .summary =
         [](const Evidence& e) {
           return fmt::format(
               "the accept queue of port {} is full ({} waiting, {} allowed): the end of the "
               "handshake is dropped",
               e.event.connection.local_port, e.event.info->backlog, e.event.info->backlog_limit);
         },
     .facts = request,
     .advice = "raise the backlog of listen() and net.core.somaxconn, or accept faster: the client "
               "takes the connection for open, and what it sends is dropped until there is room"},
    {.cause = Cause::kHandshakeTimeout,
     .confidence = Confidence::kLikely,
     .holds = unanswered,
     .summary =
         [](const Evidence& e) {
           return fmt::format("the peer has not acknowledged the SYN-ACK, sent {} times",
                              e.event.attempt + 1U);
         },
     .facts = request,
     .advice = "something drops on the way back to the peer (a filter, another route), or its SYN "
               "had a forged source: many peers are a SYN flood"},
};

}  // namespace

std::span<const Rule> handshake_rules() { return kHandshakeRules; }

}  // namespace tcptrace::diagnose
