// SPDX-License-Identifier: GPL-2.0
// Connects that failed, and connections that died without a reset: timers, ICMP errors, what could
// not be sent. The errno and the timers' counters tell (net/ipv4/tcp_timer.c, tcp_v4_err()).
#include <cerrno>

#include "diagnose/advice.h"
#include "diagnose/rule.h"

namespace tcptrace::diagnose {
namespace {

using model::Cause;
using model::Confidence;
using model::Family;
using model::TcpInfo;
using model::TcpState;

bool failed_with(const Evidence& e, std::uint32_t err) { return e.event.err == err; }

bool unreachable_errno(const Evidence& e) {
  return failed_with(e, EHOSTUNREACH) || failed_with(e, ENETUNREACH) || failed_with(e, EHOSTDOWN) ||
         failed_with(e, ENOPROTOOPT) || failed_with(e, EPROTO);
}

// Types and codes that only a packet filter sends: port unreachable (no TCP stack answers so) and
// the administrative ones. RFC 792, RFC 1812 5.2.7.1, RFC 4443 3.1.
bool filter_icmp(const Evidence& e) {
  if (!e.event.icmp_seen) {
    return false;
  }
  if (e.event.connection.family == Family::kIpv4) {
    const std::uint8_t code = e.event.icmp_code;
    return e.event.icmp_type == 3 &&
           (code == 2 || code == 3 || code == 9 || code == 10 || code == 13);
  }
  return e.event.icmp_type == 1 && (e.event.icmp_code == 1 || e.event.icmp_code == 4 ||
                                    e.event.icmp_code == 5 || e.event.icmp_code == 6);
}

bool before_the_syn(const Evidence& e) {
  return e.event.connection.old_state == TcpState::kClose && e.event.err != 0;
}

bool nothing_left(const Evidence& e) {
  return info_has(e, [](const TcpInfo& info) {
    return info.unacked_bytes > 0 && info.unacked == 0 && info.snd_wnd > 0 &&
           info.total_retrans == 0 && info.retransmits == 0;
  });
}

bool window_shut(const Evidence& e) {
  return info_has(e,
                  [](const TcpInfo& info) { return info.snd_wnd == 0 && info.retransmits == 0; });
}

bool timed_out(const Evidence& e) { return failed_with(e, ETIMEDOUT); }

bool signs(const Evidence& e) {
  return info_has(e, [](const TcpInfo& info) { return info.signs_md5 || info.signs_ao; });
}

// The peer has sent nothing that is accepted: whoever signs drops what is not signed with its key.
bool signed_in_vain(const Evidence& e) {
  return timed_out(e) && signs(e) && e.event.info->total_retrans > 0;
}

std::string_view signature(const Evidence& e) {
  return e.event.info->signs_ao ? "TCP-AO" : "TCP-MD5";
}

constexpr std::string_view kCompareKeys =
    "compare the keys of both ends, and see at the peer whether TcpExt TCPMD5NotFound, "
    "TCPMD5Unexpected, TCPMD5Failure or TCPAO... grow; if none does, it is down or a filter drops";

void error(const Evidence& e, Facts& facts) {
  add_errno(e, facts);
  if (e.event.icmp_seen) {
    facts.add("icmp_type", e.event.icmp_type).add("icmp_code", e.event.icmp_code);
  }
}

void handshake(const Evidence& e, Facts& facts) {
  if (e.event.info) {
    facts.add("syn_retransmits", e.event.info->total_retrans);
  }
  error(e, facts);
}

void signed_handshake(const Evidence& e, Facts& facts) {
  facts.add("signature", signature(e));
  handshake(e, facts);
}

void timers(const Evidence& e, Facts& facts) {
  const TcpInfo& info = *e.event.info;
  facts.add("unacked_bytes", info.unacked_bytes)
      .add("retransmits", info.retransmits)
      .add("probes", info.probes)
      .add("last_ack_recv_ms", info.last_ack_recv_ms);
  if (info.user_timeout_ms != 0) {
    facts.add("user_timeout_ms", info.user_timeout_ms);
  }
  if (info.sk_err_soft != 0) {
    facts.add("soft_error", model::errno_name(info.sk_err_soft));
  }
  error(e, facts);
}

void signed_timers(const Evidence& e, Facts& facts) {
  facts.add("signature", signature(e));
  timers(e, facts);
}

void timers_if_known(const Evidence& e, Facts& facts) {
  if (e.event.info) {
    timers(e, facts);
  } else {
    error(e, facts);
  }
}

constexpr Rule kConnectRules[] = {
    {.cause = Cause::kConnectAbandoned,
     .confidence = Confidence::kCertain,
     .holds = [](const Evidence& e) { return e.event.abandoned; },
     .summary = [](const Evidence&) -> std::string {
       return "the application closed the socket before the peer had answered";
     },
     .facts = handshake,
     .advice = "its own connect timeout is shorter than the peer or the way took: measure both"},
    {.cause = Cause::kFirewallReject,
     .confidence = Confidence::kLikely,
     .holds = filter_icmp,
     .summary = [](const Evidence&) -> std::string {
       return "a packet filter on the way or at the peer rejected the SYN with an ICMP error";
     },
     .facts = error,
     .advice = advice::kFindRejectingRule},
    {.cause = Cause::kLocalSendFailure,
     .confidence = Confidence::kCertain,
     .holds = before_the_syn,
     .summary =
         [](const Evidence& e) {
           return fmt::format("connect() failed before a SYN could leave: {}",
                              model::errno_name(e.event.err));
         },
     .facts = error,
     .advice = "no route: see ip route get ADDRESS; no free port or address: see "
               "net.ipv4.ip_local_port_range and what is in TIME_WAIT"},
    {.cause = Cause::kAuthenticationMismatch,
     .confidence = Confidence::kPossible,
     .holds = signed_in_vain,
     .summary =
         [](const Evidence& e) {
           return fmt::format(
               "nothing answered the SYN, nor its {} retransmissions, and they are signed ({}): a "
               "peer with another key or none drops them without a word",
               e.event.info->total_retrans, signature(e));
         },
     .facts = signed_handshake,
     .advice = kCompareKeys},
    {.cause = Cause::kConnectTimeout,
     .confidence = Confidence::kCertain,
     .holds = timed_out,
     .summary =
         [](const Evidence& e) {
           return e.event.info ? fmt::format("nothing answered the SYN, nor its {} retransmissions",
                                             e.event.info->total_retrans)
                               : std::string("nothing answered the SYN");
         },
     .facts = handshake,
     .advice = "the host is down, a filter drops silently, or the listener's accept queue is full "
               "(at the server: nstat TcpExtListenDrops)"},
    {.cause = Cause::kUnreachable,
     .confidence = Confidence::kCertain,
     .holds = unreachable_errno,
     .summary =
         [](const Evidence& e) {
           return fmt::format("the peer cannot be reached: {}", model::errno_name(e.event.err));
         },
     .facts = handshake,
     .advice = advice::kSeeRoutes},
    {.cause = Cause::kFirewallReject,
     .confidence = Confidence::kPossible,
     .holds = [](const Evidence& e) { return failed_with(e, ECONNREFUSED); },
     .summary = [](const Evidence&) -> std::string {
       return "refused without a reset: an ICMP error answered the SYN";
     },
     .facts = error,
     .advice = advice::kFindRejectingRule},
    {.cause = Cause::kAdminAbort,
     .confidence = Confidence::kLikely,
     .holds = [](const Evidence& e) { return failed_with(e, ECONNABORTED); },
     .summary = [](const Evidence&) -> std::string {
       return "somebody aborted it while it was connecting (SOCK_DESTROY, as ss -K does)";
     },
     .facts = error,
     .advice = advice::kAskWho},
};

constexpr Rule kCloseRules[] = {
    {.cause = Cause::kUserTimeout,
     .confidence = Confidence::kCertain,
     .holds =
         [](const Evidence& e) {
           return timed_out(e) &&
                  info_has(e, [](const TcpInfo& info) { return info.user_timeout_ms != 0; });
         },
     .summary =
         [](const Evidence& e) {
           return fmt::format("{} bytes stayed unacknowledged for TCP_USER_TIMEOUT ({} ms)",
                              e.event.info->unacked_bytes, e.event.info->user_timeout_ms);
         },
     .facts = timers,
     .advice = advice::kPeerIsGone},
    {.cause = Cause::kLocalSendFailure,
     .confidence = Confidence::kLikely,
     .holds = [](const Evidence& e) { return timed_out(e) && nothing_left(e); },
     .summary =
         [](const Evidence& e) {
           return fmt::format("{} bytes never left this host", e.event.info->unacked_bytes);
         },
     .facts = timers,
     .advice = "the link was down, the source address was removed or the route is gone: see ip "
               "monitor, dmesg"},
    {.cause = Cause::kZeroWindowTimeout,
     .confidence = Confidence::kCertain,
     .holds = [](const Evidence& e) { return timed_out(e) && window_shut(e); },
     .summary =
         [](const Evidence& e) {
           return fmt::format("the peer's receive window stayed shut for {} probes",
                              e.event.info->probes);
         },
     .facts = timers,
     .advice = "the peer's application does not read: look there"},
    {.cause = Cause::kAuthenticationMismatch,
     .confidence = Confidence::kPossible,
     .holds = signed_in_vain,
     .summary =
         [](const Evidence& e) {
           return fmt::format(
               "the peer did not acknowledge {} bytes, sent {} times and signed ({}): with another "
               "key than before, or none, it drops them without a word",
               e.event.info->unacked_bytes, e.event.info->retransmits + 1U, signature(e));
         },
     .facts = signed_timers,
     .advice = kCompareKeys},
    {.cause = Cause::kRetransmissionTimeout,
     .confidence = Confidence::kCertain,
     .holds =
         [](const Evidence& e) {
           return timed_out(e) &&
                  info_has(e, [](const TcpInfo& info) { return info.unacked_bytes > 0; });
         },
     .summary =
         [](const Evidence& e) {
           return fmt::format("the peer did not acknowledge {} bytes, sent {} times",
                              e.event.info->unacked_bytes, e.event.info->retransmits + 1U);
         },
     .facts = timers,
     .advice = "the peer is down or something on the way drops: net.ipv4.tcp_retries2 and "
               "TCP_USER_TIMEOUT set how long that takes to show"},
    {.cause = Cause::kUnreachable,
     .confidence = Confidence::kCertain,
     .holds = unreachable_errno,
     .summary =
         [](const Evidence& e) {
           return fmt::format("the peer became unreachable: {}", model::errno_name(e.event.err));
         },
     .facts = timers_if_known,
     .advice = advice::kSeeRoutes},
};

}  // namespace

std::span<const Rule> failed_connect_rules() { return kConnectRules; }

std::span<const Rule> failed_close_rules() { return kCloseRules; }

}  // namespace tcptrace::diagnose
