// SPDX-License-Identifier: GPL-2.0
// Each rule: the evidence that must match, and the near misses that must not.
#include <cerrno>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "diagnose/diagnose.h"
#include "support/samples.h"

namespace tcptrace::diagnose {
namespace {

using model::Cause;
using model::Confidence;
using model::Event;
using model::EventKind;
using model::ResetOrigin;
using model::TcpState;
using model::Verdict;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::Contains;
using testing::HasSubstr;
using testing::IsSupersetOf;

Verdict verdict(const Evidence& evidence) {
  const std::optional<Verdict> found = diagnose(evidence);
  EXPECT_TRUE(found.has_value());
  return found.value_or(Verdict{});
}

Verdict verdict(const Event& event) { return verdict(Evidence{.event = event}); }

Cause cause(const Event& event) { return verdict(event).cause; }

// A reset that a socket of this host sent when it was closed in ESTABLISHED; nothing that explains
// it.
Event closing() {
  Event event = samples::reset_sent();
  event.kernel_reason = {};
  event.info->unread_bytes = 0;
  event.info->shutdown = 3;
  return event;
}

// One that a timer or somebody else's hand sent: the state was not left yet.
Event in_state(TcpState state) {
  Event event = closing();
  event.socket_state = state;
  event.connection.state = state;
  event.info->shutdown = 0;
  event.by.reset();
  return event;
}

Event reply(TcpState socket_state, std::uint8_t flags) {
  Event event = samples::reset_sent();
  event.origin = ResetOrigin::kReply;
  event.kernel_reason = {};
  event.socket_state = socket_state;
  event.trigger_flags = flags;
  event.trigger_bytes = 0;
  event.by.reset();
  return event;
}

constexpr std::uint8_t kSynOnly = 0x02;
constexpr std::uint8_t kSynAck = 0x12;
constexpr std::uint8_t kAckOnly = 0x10;
constexpr std::uint8_t kRst = 0x04;
constexpr std::uint8_t kData = 0x18;

TEST(ActiveReset, UnreadDataAtCloseIsCloseWithUnreadData) {
  Event event = closing();
  event.info->unread_bytes = 900;
  const Verdict found = verdict(event);
  EXPECT_EQ(found.cause, Cause::kCloseWithUnreadData);
  EXPECT_EQ(found.confidence, Confidence::kCertain);
  EXPECT_EQ(found.summary, "api closed with 900 received bytes unread");
  EXPECT_THAT(found.evidence, Contains("unread_bytes=900"));
  EXPECT_FALSE(found.advice.empty());
}

TEST(ActiveReset, UnreadDataComesBeforeSoLinger) {
  Event event = closing();
  event.info->unread_bytes = 900;
  event.info->lingertime_ms = 0;
  EXPECT_EQ(cause(event), Cause::kCloseWithUnreadData);
  // The kernel says that it was not the unread data.
  event.kernel_reason = "TCP_STATE";
  EXPECT_EQ(cause(event), Cause::kAbortiveClose);
}

TEST(ActiveReset, SoLingerZeroIsAnAbortiveClose) {
  Event event = closing();
  event.info->lingertime_ms = 0;
  EXPECT_EQ(cause(event), Cause::kAbortiveClose);
  event.info->lingertime_ms = 5000;
  EXPECT_EQ(cause(event), Cause::kUnknown);
}

TEST(ActiveReset, OfAnEndingProcessIsItsExit) {
  Event event = closing();
  event.by_exiting = true;
  event.info->unread_bytes = 7;
  EXPECT_EQ(cause(event), Cause::kProcessExit);
  event.info->unread_bytes = 0;
  event.info->lingertime_ms = 0;
  EXPECT_EQ(cause(event), Cause::kProcessExit);
}

TEST(ActiveReset, OfAChildNobodyAcceptedIsTheListenersClose) {
  Event event = closing();
  event.never_accepted = true;
  event.info->shutdown = 0;
  EXPECT_EQ(cause(event), Cause::kListenerClosed);
}

TEST(ActiveReset, WithoutShutdownIsADisconnect) {
  Event event = closing();
  event.info->shutdown = 0;
  EXPECT_EQ(cause(event), Cause::kDisconnect);
  event.by_exiting = true;
  EXPECT_EQ(cause(event), Cause::kUnknown);
}

TEST(ActiveReset, UnansweredProbesAreAKeepaliveTimeout) {
  Event event = in_state(TcpState::kEstablished);
  event.info->probes = 3;
  EXPECT_EQ(cause(event), Cause::kKeepaliveTimeout);
  EXPECT_THAT(verdict(event).evidence, Contains("probes=3"));
  event.info->user_timeout_ms = 500;
  EXPECT_EQ(cause(event), Cause::kUserTimeout);
}

TEST(ActiveReset, BySomebodyElseIsAnAdministrativeAbort) {
  Event event = in_state(TcpState::kEstablished);
  event.info->probes = 3;  // probes or not: a task did it, not the timer
  event.by = samples::process();
  event.by->pid = 4000;
  samples::set_comm(*event.by, "ss");
  const Verdict found = verdict(event);
  EXPECT_EQ(found.cause, Cause::kAdminAbort);
  EXPECT_THAT(found.summary, HasSubstr("ss aborted"));
  EXPECT_THAT(found.evidence, Contains("by_pid=4000"));
}

TEST(ActiveReset, OrphansAreTheKernelsToEnd) {
  Event event = in_state(TcpState::kFinWait1);
  event.orphan = true;
  EXPECT_EQ(cause(event), Cause::kOrphanLimit);
  event = in_state(TcpState::kFinWait2);
  event.orphan = true;
  EXPECT_EQ(cause(event), Cause::kUnknown);
  event.info->linger2 = -1;
  EXPECT_EQ(cause(event), Cause::kLinger2Expired);
}

TEST(ActiveReset, OfASubflowIsMptcps) {
  Event event = in_state(TcpState::kEstablished);
  event.mptcp = true;
  event.kernel_reason = "MPTCP_RST_EWQ2BIG";
  EXPECT_EQ(cause(event), Cause::kMptcpReset);
}

TEST(ActiveReset, WithoutEvidenceIsUnknown) {
  Event event = closing();
  event.info.reset();
  const Verdict found = verdict(event);
  EXPECT_EQ(found.cause, Cause::kUnknown);
  EXPECT_EQ(found.confidence, Confidence::kUnknown);
  EXPECT_FALSE(found.summary.empty());
}

TEST(Reply, ToASynThatFindsNobodyIsARefusal) {
  Event event = samples::reset_without_socket();
  event.origin = ResetOrigin::kReply;
  event.trigger_flags = kSynOnly;
  const Verdict found = verdict(event);
  EXPECT_EQ(found.cause, Cause::kConnectionRefused);
  EXPECT_EQ(found.confidence, Confidence::kCertain);
  event.trigger_flags = kData;
  EXPECT_EQ(cause(event), Cause::kUnknownConnection);
  // Known only from the RST itself: no guess.
  event.no_socket = false;
  event.trigger_flags = 0;
  EXPECT_EQ(cause(event), Cause::kUnknown);
}

TEST(Reply, ForAConnectionThatLivesBehindAnotherAddressIsALostTranslation) {
  Event event = reply(TcpState::kUnknown, kData);
  event.no_socket = true;
  event.translated = model::Tuple{.local = {.bytes = {10, 0, 0, 3}},
                                  .peer = {.bytes = {10, 0, 0, 1}},
                                  .local_port = 8080,
                                  .peer_port = 40000,
                                  .role = model::Role::kServer};
  const Verdict found = verdict(event);
  EXPECT_EQ(found.cause, Cause::kConntrackLost);
  EXPECT_EQ(found.confidence, Confidence::kLikely);
  EXPECT_THAT(found.evidence,
              IsSupersetOf({"live_local=10.0.0.3:8080", "live_peer=10.0.0.1:40000"}));
  // What this host itself closed a moment ago is no stranger.
  event.owner = samples::process();
  event.owner->source = model::OwnerSource::kClosed;
  EXPECT_EQ(cause(event), Cause::kDataAfterClose);
}

TEST(Reply, OfAListenerWithAFullQueueIsItsOverflow) {
  Event event = reply(TcpState::kListen, kAckOnly);
  event.info->backlog = 4;
  event.info->backlog_limit = 3;
  const Verdict found = verdict(event);
  EXPECT_EQ(found.cause, Cause::kAcceptQueueOverflow);
  EXPECT_THAT(found.summary, HasSubstr("4 waiting, 3 allowed"));
  // Full is when the last place is taken: one more than the limit.
  event.info->backlog = 3;
  EXPECT_EQ(cause(event), Cause::kUnknownConnection);
  event.info->backlog = 4;
  event.kernel_reason = "TCP_FLAGS";
  EXPECT_EQ(cause(event), Cause::kUnknownConnection);
}

TEST(Reply, WhileConnectingTellsOldFromForged) {
  EXPECT_EQ(cause(reply(TcpState::kSynSent, kAckOnly)), Cause::kTimeWaitCollision);
  EXPECT_EQ(cause(reply(TcpState::kSynSent, kSynAck)), Cause::kBadHandshake);
  EXPECT_EQ(cause(reply(TcpState::kSynRecv, kAckOnly)), Cause::kBadHandshake);
  EXPECT_EQ(cause(reply(TcpState::kListen, kSynOnly)), Cause::kBadHandshake);
}

TEST(Reply, ToDataForWhatTheApplicationClosedIsDataAfterClose) {
  Event event = reply(TcpState::kTimeWait, kData);
  event.trigger_bytes = 4;
  EXPECT_EQ(cause(event), Cause::kDataAfterClose);
  event = reply(TcpState::kClose, kData);
  event.trigger_bytes = 4;
  event.orphan = true;
  EXPECT_EQ(cause(event), Cause::kDataAfterClose);
  event.orphan = false;
  event.info->shutdown = 3;
  EXPECT_EQ(cause(event), Cause::kShutdownThenData);
}

TEST(Reply, ToARequestThatCrossedTheCloseIsTheKeepaliveRace) {
  Event event = reply(TcpState::kTimeWait, kData);
  event.trigger_bytes = 300;
  event.trigger_ack = 5000;
  event.closing = {.ago = milliseconds(2), .idle = seconds(60), .fin_seq = 5000};
  const Verdict found = verdict(event);
  EXPECT_EQ(found.cause, Cause::kKeepaliveRace);
  EXPECT_EQ(found.confidence, Confidence::kCertain);
  EXPECT_THAT(found.summary, HasSubstr("idle for 60.0 s"));
  EXPECT_THAT(found.evidence, testing::Contains("peer_had_our_fin=false"));
}

TEST(Reply, ToARequestOfAPeerThatHadTheFinIsNoRace) {
  Event event = reply(TcpState::kTimeWait, kData);
  event.trigger_bytes = 300;
  event.trigger_ack = 0;
  event.closing = {.ago = milliseconds(2), .idle = seconds(60), .fin_seq = 0xffffffff};
  const Verdict found = verdict(event);
  EXPECT_EQ(found.cause, Cause::kDataAfterClose);
  EXPECT_THAT(found.evidence, testing::Contains("peer_had_our_fin=true"));
}

TEST(Reply, ToWhatCrossedTheCloseOfABusyConnectionIsDataAfterClose) {
  Event event = reply(TcpState::kTimeWait, kData);
  event.trigger_bytes = 300;
  event.closing = {.ago = milliseconds(2), .idle = milliseconds(999), .fin_seq = event.trigger_ack};
  EXPECT_EQ(cause(event), Cause::kDataAfterClose);
  EXPECT_THAT(verdict(event).summary, HasSubstr("still sending"));
}

// The RST as it left is all that was seen: before v6.11, with tracepoints only.
Event reset_on_its_way(std::uint8_t rst_flags) {
  Event event = reply(TcpState::kUnknown, 0);
  event.owner.reset();
  event.info.reset();
  event.rst_flags = rst_flags;
  return event;
}

TEST(Reply, ThatWasOnlySeenToLeaveTellsWhatItAnswers) {
  EXPECT_EQ(cause(reset_on_its_way(kRst | kAckOnly)), Cause::kConnectionRefused);
  EXPECT_EQ(cause(reset_on_its_way(kRst)), Cause::kUnknownConnection);
  Event event = reset_on_its_way(kRst);
  event.owner = samples::process();
  event.owner->source = model::OwnerSource::kClosed;
  EXPECT_EQ(cause(event), Cause::kDataAfterClose);
  event.closing = {.ago = milliseconds(2), .idle = seconds(60), .fin_seq = 700};
  event.trigger_ack = 701;
  EXPECT_EQ(cause(event), Cause::kDataAfterClose);
  event.trigger_ack = 700;
  EXPECT_EQ(cause(event), Cause::kKeepaliveRace);
}

TEST(Reply, ForAConnectionThatEndedHereSaysSo) {
  Event event = samples::reset_without_socket();
  event.origin = ResetOrigin::kReply;
  event.trigger_flags = kData;
  event.owner = samples::process();
  event.owner->source = model::OwnerSource::kClosed;
  EXPECT_EQ(cause(event), Cause::kDataAfterClose);
}

TEST(Reply, ToWhatWasUnderWayAtAnEarlierResetHasItsCause) {
  Event event = samples::reset_without_socket();
  event.origin = ResetOrigin::kReply;
  event.trigger_flags = kData;
  event.earlier = {.ago = std::chrono::microseconds(200),
                   .cause = Cause::kAcceptQueueOverflow,
                   .confidence = Confidence::kCertain,
                   .advice = "raise the backlog"};
  const Verdict found = verdict(event);
  EXPECT_EQ(found.cause, Cause::kAcceptQueueOverflow);
  EXPECT_EQ(found.confidence, Confidence::kCertain);
  EXPECT_EQ(found.summary,
            "answers a segment that was under way when this side reset the connection 200 us "
            "earlier (accept_queue_overflow)");
  EXPECT_THAT(found.evidence, Contains("earlier_cause=accept_queue_overflow"));
  EXPECT_THAT(found.evidence, Contains("earlier_reset_ms=0.200"));
  EXPECT_EQ(found.advice, "raise the backlog");
}

TEST(Reply, ThatHasACauseOfItsOwnIsNoEcho) {
  Event event = reply(TcpState::kListen, kAckOnly);
  event.earlier = {.cause = Cause::kAbortiveClose, .confidence = Confidence::kCertain};
  EXPECT_EQ(cause(event), Cause::kAbortiveClose);
  event.info->backlog = 4;
  event.info->backlog_limit = 3;
  EXPECT_EQ(cause(event), Cause::kAcceptQueueOverflow);
  event = reply(TcpState::kTimeWait, kData);
  event.trigger_bytes = 4;
  event.earlier = {.cause = Cause::kAbortiveClose, .confidence = Confidence::kCertain};
  EXPECT_EQ(cause(event), Cause::kDataAfterClose);
}

TEST(Reply, OfAPacketFilterIsARejection) {
  Event event = reply(TcpState::kUnknown, kSynOnly);
  event.origin = ResetOrigin::kNetfilter;
  EXPECT_EQ(cause(event), Cause::kFirewallReject);
}

TEST(ReceivedReset, TellsWhatItsHeaderTells) {
  Event event = samples::reset_received();
  EXPECT_EQ(cause(event), Cause::kPeerAborted);
  EXPECT_EQ(verdict(event).confidence, Confidence::kLikely);
  event.trigger_flags = 0x04;
  EXPECT_EQ(cause(event), Cause::kPeerLostConnection);
  event.trigger_flags = 0;
  EXPECT_EQ(cause(event), Cause::kPeerAborted);
  EXPECT_EQ(verdict(event).confidence, Confidence::kPossible);
}

TEST(ReceivedReset, WithAnotherTtlIsInjected) {
  Event event = samples::reset_received();  // TTL 41
  event.peer_ttl = 64;
  EXPECT_EQ(cause(event), Cause::kInjectedReset);
  event.peer_ttl = 41;
  EXPECT_EQ(cause(event), Cause::kPeerAborted);
}

TEST(ReceivedReset, InCloseWaitAfterAWriteIsStaleReuse) {
  Event event = samples::reset_received();
  event.connection.state = TcpState::kCloseWait;
  event.info->unacked = 1;
  event.info->last_data_sent_ms = 0;
  event.info->last_ack_recv_ms = 40;
  EXPECT_EQ(cause(event), Cause::kStaleConnectionReuse);
  event.info->unacked = 0;
  EXPECT_EQ(cause(event), Cause::kPeerAborted);
}

TEST(ReceivedReset, InCloseWaitForARequestThatCrossedTheFinIsTheRace) {
  Event event = samples::reset_received();
  event.connection.state = TcpState::kCloseWait;
  event.info->unacked = 1;
  event.info->last_data_sent_ms = 40;
  event.info->last_ack_recv_ms = 20;
  event.info->last_data_recv_ms = 5040;
  EXPECT_EQ(cause(event), Cause::kKeepaliveRace);
  event.info->last_data_recv_ms = 1039;
  EXPECT_EQ(cause(event), Cause::kPeerAborted);
  event.info->last_ack_recv_ms = 40;
  EXPECT_EQ(verdict(event).confidence, Confidence::kPossible) << "within one tick nobody knows";
}

TEST(ReceivedReset, HasTheReasonOfItsSender) {
  Event event = samples::reset_received();
  const auto from = [&](Cause sender) {
    event.sender = {.cause = sender, .confidence = Confidence::kCertain};
    return verdict(event);
  };
  EXPECT_EQ(from(Cause::kUnknownConnection).cause, Cause::kPeerLostConnection);
  EXPECT_EQ(from(Cause::kFirewallReject).cause, Cause::kFirewallReject);
  EXPECT_EQ(from(Cause::kKeepaliveRace).cause, Cause::kKeepaliveRace);
  EXPECT_EQ(from(Cause::kCloseWithUnreadData).cause, Cause::kPeerAborted);
  EXPECT_EQ(from(Cause::kCloseWithUnreadData).confidence, Confidence::kCertain);
  EXPECT_THAT(from(Cause::kCloseWithUnreadData).summary, HasSubstr("close_with_unread_data"));
  EXPECT_EQ(from(Cause::kDataAfterClose).cause, Cause::kPeerAborted);
  event.connection.state = TcpState::kCloseWait;
  EXPECT_EQ(from(Cause::kDataAfterClose).cause, Cause::kStaleConnectionReuse);
  EXPECT_NE(from(Cause::kUnknown).confidence, Confidence::kCertain) << "it says nothing";
  event.connection.state = TcpState::kEstablished;
  event.sender = {.cause = Cause::kDataAfterClose, .confidence = Confidence::kLikely};
  EXPECT_EQ(cause(event), Cause::kPeerLostConnection);
}

TEST(ReceivedReset, WhileConnectingIsARefusal) {
  Event event = samples::reset_received();
  event.connection.state = TcpState::kSynSent;
  EXPECT_EQ(cause(event), Cause::kConnectionRefused);
}

Event synack_again(std::uint8_t attempt) {
  Event event = samples::synack_retransmit();
  event.attempt = attempt;
  event.info->backlog = 0;
  event.info->backlog_limit = 4;
  return event;
}

TEST(Handshake, OfWhichTheSynAckIsNeverAcknowledgedTimesOut) {
  const Verdict found = verdict(synack_again(3));
  EXPECT_EQ(found.cause, Cause::kHandshakeTimeout);
  EXPECT_EQ(found.confidence, Confidence::kLikely);
  EXPECT_EQ(found.summary, "the peer has not acknowledged the SYN-ACK, sent 4 times");
  EXPECT_THAT(found.evidence, Contains("synack_retransmits=3"));
}

TEST(Handshake, ThatMayYetEndHasNoVerdict) {
  EXPECT_FALSE(diagnose({.event = synack_again(2)}).has_value());
  EXPECT_FALSE(diagnose({.event = synack_again(4)}).has_value()) << "it has been said";
  Event event = synack_again(3);
  event.info->backlog = 3;
  EXPECT_FALSE(diagnose({.event = event}).has_value()) << "the queue may have been full";
  event = synack_again(3);
  event.retransmit_type = model::RetransmitType::kSyn;
  EXPECT_FALSE(diagnose({.event = event}).has_value()) << "this side's own";
}

TEST(Handshake, WithAFullAcceptQueueIsItsOverflow) {
  Event event = synack_again(1);
  event.info->backlog = 5;
  const Verdict found = verdict(event);
  EXPECT_EQ(found.cause, Cause::kAcceptQueueOverflow);
  EXPECT_EQ(found.confidence, Confidence::kLikely);
  EXPECT_THAT(found.summary, HasSubstr("5 waiting, 4 allowed"));
  event.info->backlog = 4;
  EXPECT_FALSE(diagnose({.event = event}).has_value()) << "there is one place";
}

Event connect_failed(std::uint32_t err) {
  Event event = samples::event(EventKind::kConnect);
  event.connection.state = TcpState::kClose;
  event.connection.old_state = TcpState::kSynSent;
  event.info = samples::tcp_info();
  event.err = err;
  return event;
}

TEST(FailedConnect, IsToldByItsErrno) {
  EXPECT_EQ(cause(connect_failed(ETIMEDOUT)), Cause::kConnectTimeout);
  EXPECT_EQ(cause(connect_failed(EHOSTUNREACH)), Cause::kUnreachable);
  EXPECT_EQ(cause(connect_failed(ECONNABORTED)), Cause::kAdminAbort);
  Event event = connect_failed(ENETUNREACH);
  event.connection.old_state = TcpState::kClose;
  EXPECT_EQ(cause(event), Cause::kLocalSendFailure);
  event = connect_failed(0);
  event.abandoned = true;
  EXPECT_EQ(cause(event), Cause::kConnectAbandoned);
}

TEST(FailedConnect, OfASocketThatSignsMayBeForItsKey) {
  Event event = connect_failed(ETIMEDOUT);
  event.info->signs_md5 = true;
  event.info->total_retrans = 6;
  const Verdict found = verdict(event);
  EXPECT_EQ(found.cause, Cause::kAuthenticationMismatch);
  EXPECT_EQ(found.confidence, Confidence::kPossible);
  EXPECT_THAT(found.evidence, IsSupersetOf({"signature=TCP-MD5", "syn_retransmits=6"}));
  event.err = EHOSTUNREACH;
  EXPECT_EQ(cause(event), Cause::kUnreachable);
}

TEST(FailedConnect, TellsAFilterFromARouter) {
  Event event = connect_failed(EHOSTUNREACH);
  event.icmp_seen = true;
  event.icmp_type = 3;
  event.icmp_code = 13;
  EXPECT_EQ(cause(event), Cause::kFirewallReject);
  event.icmp_code = 1;
  EXPECT_EQ(cause(event), Cause::kUnreachable);
}

Event died(std::uint32_t err) {
  Event event = samples::event(EventKind::kClose);
  event.connection.state = TcpState::kClose;
  event.connection.old_state = TcpState::kEstablished;
  event.info = samples::tcp_info();
  event.info->unacked_bytes = 100;
  event.info->unacked = 1;
  event.info->retransmits = 3;
  event.info->total_retrans = 3;
  event.err = err;
  return event;
}

TEST(FailedClose, OfASocketThatSignsMayBeForItsKey) {
  Event event = died(ETIMEDOUT);
  event.info->signs_ao = true;
  const Verdict found = verdict(event);
  EXPECT_EQ(found.cause, Cause::kAuthenticationMismatch);
  EXPECT_EQ(found.confidence, Confidence::kPossible);
  EXPECT_THAT(found.evidence, Contains("signature=TCP-AO"));
  event.info->user_timeout_ms = 1000;
  EXPECT_EQ(cause(event), Cause::kUserTimeout);
}

TEST(FailedClose, IsToldByTheTimers) {
  Event event = died(ETIMEDOUT);
  EXPECT_EQ(cause(event), Cause::kRetransmissionTimeout);
  event.info->user_timeout_ms = 1000;
  EXPECT_EQ(cause(event), Cause::kUserTimeout);
  event = died(ETIMEDOUT);
  event.info->retransmits = 0;
  event.info->total_retrans = 0;
  event.info->snd_wnd = 0;
  event.info->probes = 5;
  EXPECT_EQ(cause(event), Cause::kZeroWindowTimeout);
  event.info->snd_wnd = 64256;
  event.info->unacked = 0;
  EXPECT_EQ(cause(event), Cause::kLocalSendFailure);
  EXPECT_EQ(cause(died(EHOSTUNREACH)), Cause::kUnreachable);
}

TEST(Diagnose, LeavesAloneWhatWentWell) {
  for (const EventKind kind : {EventKind::kState, EventKind::kAccept, EventKind::kRetransmit,
                               EventKind::kConnect, EventKind::kClose}) {
    const Event event = samples::event(kind);
    EXPECT_FALSE(diagnose({.event = event}).has_value());
  }
  // A reset has told it.
  Event event = died(ECONNRESET);
  event.reset_received = true;
  EXPECT_FALSE(diagnose({.event = event}).has_value());
}

TEST(Causes, HaveNamesThatLeadBackToThem) {
  for (std::size_t i = 0; i < model::kCauses; ++i) {
    const auto one = static_cast<Cause>(i);
    EXPECT_EQ(model::cause_from_name(model::cause_name(one)), one);
  }
  EXPECT_EQ(model::cause_from_name("nothing_of_the_kind"), std::nullopt);
}

}  // namespace
}  // namespace tcptrace::diagnose
