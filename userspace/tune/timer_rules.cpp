// SPDX-License-Identifier: GPL-2.0
// When an idle, a closed or an unanswered connection ends.
#include <algorithm>
#include <array>

#include "base/text.h"
#include "tune/rule.h"
#include "tune/rule_words.h"

namespace tcptrace::tune {
namespace {

using model::TuneProfile;

constexpr std::string_view kKeepaliveTime = "net.ipv4.tcp_keepalive_time";
constexpr std::string_view kKeepaliveProbes = "net.ipv4.tcp_keepalive_probes";
constexpr std::string_view kKeepaliveIntvl = "net.ipv4.tcp_keepalive_intvl";
constexpr std::string_view kFinTimeout = "net.ipv4.tcp_fin_timeout";
constexpr std::string_view kRetries2 = "net.ipv4.tcp_retries2";

constexpr std::uint64_t kDefaultFinTimeout = 60;
constexpr std::uint64_t kHastyFinTimeout = 30;
constexpr std::uint64_t kFewestProbes = 3;
constexpr std::uint64_t kHastyKeepalive = 15;  // seconds
constexpr double kLossy = 0.01;

// NAT gateways and load balancers of the large clouds forget a connection that is idle for 4 to 6
// minutes.
constexpr std::uint64_t kServerKeepalive = 300;
constexpr std::uint64_t kLongServerKeepalive = 600;
constexpr std::uint64_t kLowMemoryKeepalive = 1800;

constexpr std::string_view kKeepaliveRisk =
    "Concerns only sockets with SO_KEEPALIVE that set no time of their own; more packets on idle "
    "connections.";

Opinion judge_keepalive_time(const View& view) {
  const auto current = view.number(kKeepaliveTime);
  if (!current) {
    return not_understood();
  }
  if (const auto forgetful = model::forgetful_conntrack(view.netns())) {
    return {.proposed = fmt::format("{}", std::max<std::uint64_t>(forgetful->timeout_s / 2, 1)),
            .evidence = {fmt::format("nf_conntrack_tcp_timeout_established {} s, first probe after "
                                     "{} s",
                                     forgetful->timeout_s, forgetful->keepalive_s),
                         view.conntrack_text()},
            .reason = sentence(model::kForgetfulConntrackWhy),
            .risk = std::string(kKeepaliveRisk)};
  }
  if ((view.is(TuneProfile::kWeb) || view.is(TuneProfile::kProxy)) &&
      *current > kLongServerKeepalive) {
    return general_advice(fmt::format("{}", kServerKeepalive),
                          "NAT gateways and load balancers forget idle connections within minutes, "
                          "and two hours are no help against that.",
                          std::string(kKeepaliveRisk));
  }
  if (view.is(TuneProfile::kLowMemory) && *current > kLowMemoryKeepalive) {
    return general_advice(fmt::format("{}", kLowMemoryKeepalive),
                          "Sockets of peers that are gone are freed sooner.",
                          std::string(kKeepaliveRisk));
  }
  return stays("nothing measured speaks against it");
}

// Connections were given up on a path that loses segments: a few lost probes end one that is well.
std::vector<std::string> given_up(const View& view) {
  std::vector<std::string> evidence;
  if (view.retransmitted().value_or(0) >= kLossy) {
    view.add_counter(evidence, "TcpExt.TCPAbortOnTimeout");
    if (!evidence.empty()) {
      evidence.push_back(view.retransmitted_text());
    }
  }
  return evidence;
}

Opinion judge_keepalive_probes(const View& view) {
  const auto current = view.number(kKeepaliveProbes);
  if (!current) {
    return not_understood();
  }
  if (auto evidence = given_up(view); *current < kFewestProbes && !evidence.empty()) {
    return put_back(view, kKeepaliveProbes, "9", std::move(evidence),
                    "So few probes are easily lost together, and the connection ends though its "
                    "peer is there.",
                    "A peer that is gone is noticed later.");
  }
  if (!view.is(TuneProfile::kNone) && *current > 5) {
    return general_advice("5",
                          "With tcp_keepalive_intvl this says how long a dead peer is waited "
                          "for.",
                          std::string(kKeepaliveRisk));
  }
  return stays("nothing measured speaks against it");
}

Opinion judge_keepalive_intvl(const View& view) {
  const auto current = view.number(kKeepaliveIntvl);
  if (!current) {
    return not_understood();
  }
  const std::uint64_t probes = view.number(kKeepaliveProbes).value_or(9);
  if (auto evidence = given_up(view); *current * probes < kHastyKeepalive && !evidence.empty()) {
    evidence.push_back(fmt::format("{} probes {} s apart", probes, *current));
    return put_back(view, kKeepaliveIntvl, "75", std::move(evidence),
                    "A disturbance of a few seconds ends connections whose peers are there.",
                    "A peer that is gone is noticed later.");
  }
  if (!view.is(TuneProfile::kNone) && *current > 30) {
    return general_advice("30",
                          "With tcp_keepalive_probes this says how long a dead peer is waited for.",
                          std::string(kKeepaliveRisk));
  }
  return stays("nothing measured speaks against it");
}

// Orphans in FIN_WAIT2 are kept as what remains of a connection in TIME_WAIT, and count as such,
// but for the time beyond 60 s, in which they are whole sockets (tcp_rcv_state_process()).
Opinion judge_long_fin_timeout(const View& view) {
  std::vector<std::string> evidence;
  const auto most = view.number("net.ipv4.tcp_max_orphans");
  const auto& sockstat = view.netns().sockstat;
  if (most && sockstat && sockstat->orphan * 2 >= *most && *most != 0) {
    evidence.push_back(
        fmt::format("{} orphans of tcp_max_orphans {}", grouped(sockstat->orphan), grouped(*most)));
  }
  view.add_counter(evidence, "TcpExt.TCPAbortOnMemory");
  if (evidence.empty()) {
    return stays("longer than the default, and orphaned sockets are not short");
  }
  return put_back(view, kFinTimeout, "60", std::move(evidence),
                  "Beyond 60 s a closed connection whose peer sends no FIN is kept as a whole "
                  "socket.",
                  "A peer that sends its FIN later is answered by a reset.");
}

Opinion judge_fin_timeout(const View& view) {
  const auto current = view.number(kFinTimeout);
  if (!current) {
    return not_understood();
  }
  if (*current < kHastyFinTimeout) {
    return put_back(view, kFinTimeout, "60", {},
                    "It does not shorten TIME_WAIT, which is 60 s whatever it is: only FIN_WAIT2 "
                    "of closed sockets, whose peers then get resets for late data.",
                    "None known.");
  }
  if (*current > kDefaultFinTimeout) {
    return judge_long_fin_timeout(view);
  }
  const std::uint64_t waiting = view.sockets_in(model::TcpState::kFinWait2);
  const std::uint64_t buckets = view.number("net.ipv4.tcp_max_tw_buckets").value_or(0);
  std::vector<std::string> evidence;
  view.add_counter(evidence, "TcpExt.TCPTimeWaitOverflow");
  if (!evidence.empty() && *current > kHastyFinTimeout && waiting * 4 >= buckets && buckets != 0) {
    evidence.push_back(fmt::format("{} connections in FIN_WAIT2, of tcp_max_tw_buckets {}",
                                   grouped(waiting), grouped(buckets)));
    return {.proposed = fmt::format("{}", kHastyFinTimeout),
            .evidence = std::move(evidence),
            .reason = "Closed connections whose peers send no FIN take the places of TIME_WAIT.",
            .risk = "A peer that sends its FIN later is answered by a reset."};
  }
  if (view.is(TuneProfile::kLowMemory) && *current > kHastyFinTimeout) {
    return general_advice(fmt::format("{}", kHastyFinTimeout),
                          "Closed connections whose peers send no FIN are forgotten sooner. It "
                          "does not shorten TIME_WAIT.",
                          "A peer that sends its FIN later is answered by a reset.");
  }
  return stays(
      "bounds FIN_WAIT2 of closed sockets only, of which there are not too many; "
      "TIME_WAIT is 60 s whatever it is");
}

Opinion judge_retries2(const View& view) {
  const auto current = view.number(kRetries2);
  if (!current) {
    return not_understood();
  }
  if (const auto* const harm = model::harmful_setting(view.netns().sysctls, kRetries2)) {
    std::vector<std::string> evidence;
    view.add_counter(evidence, "TcpExt.TCPAbortOnTimeout");
    return mend(view, *harm, std::move(evidence),
                "A peer that is gone is noticed later; who needs less sets TCP_USER_TIMEOUT.");
  }
  if (view.is(TuneProfile::kProxy) && *current > model::kFewestRetries2) {
    return general_advice(fmt::format("{}", model::kFewestRetries2),
                          "A backend that vanished is given up after about 100 s, not 15 minutes.",
                          "Connections over a path that is down for longer are lost.");
  }
  return stays("at least 8, the 100 s of RFC 1122; who needs less sets TCP_USER_TIMEOUT");
}

constexpr std::array kTimerRules = {
    Rule{kKeepaliveTime, judge_keepalive_time,
         "Documentation/networking/ip-sysctl.rst; RFC 1122, 4.2.3.6; RFC 5382, REQ-5"},
    Rule{kKeepaliveProbes, judge_keepalive_probes,
         "Documentation/networking/ip-sysctl.rst; RFC 1122, 4.2.3.6"},
    Rule{kKeepaliveIntvl, judge_keepalive_intvl,
         "Documentation/networking/ip-sysctl.rst; RFC 1122, 4.2.3.6"},
    Rule{kFinTimeout, judge_fin_timeout,
         "Documentation/networking/ip-sysctl.rst; TCP_TIMEWAIT_LEN in include/net/tcp.h"},
    Rule{kRetries2, judge_retries2, "Documentation/networking/ip-sysctl.rst; RFC 1122, 4.2.3.5"},
};

}  // namespace

std::span<const Rule> timer_rules() { return kTimerRules; }

}  // namespace tcptrace::tune
