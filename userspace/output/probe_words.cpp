// SPDX-License-Identifier: GPL-2.0
// Where the time of an attempt went, in plain words. Says nothing of what is as it should be.
#include <cerrno>

#include <fmt/core.h>

#include "base/text.h"
#include "output/probe.h"
#include "output/words.h"

namespace tcptrace::output {
namespace {

using model::ProbeAttempt;
using model::ProbeConnect;
using model::ProbeHost;
using model::ProbeOutcome;
using model::ProbePhase;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;

// What a person waits for without noticing.
constexpr milliseconds kNoticed{10};
// So many round trips belong to no path.
constexpr int kRoundTrips = 5;
constexpr double kMostOfIt = 0.5;

// "1.0 s initial RTO", "1.0 s + 1.0 s + 2.0 s".
std::string waits(std::uint32_t count, const ProbeHost& host) {
  if (count == 1) {
    return human_duration(host.initial_rto) + " initial RTO, RFC 6298";
  }
  std::string text;
  for (std::uint32_t i = 0; i < count; ++i) {
    text += i == 0 ? "" : " + ";
    text += human_duration(model::syn_wait(i + 1, host) - model::syn_wait(i, host));
  }
  return text;
}

void explain_connect(const ProbeConnect& connect, const ProbeHost& host,
                     std::vector<std::string>& lines) {
  if (!connect.connect) {
    return;
  }
  const nanoseconds took = *connect.connect;
  if (connect.syn_retransmits != 0) {
    const nanoseconds waited = model::syn_wait(connect.syn_retransmits, host);
    const std::string what = counted(connect.syn_retransmits, "retransmitted SYN");
    if (took >= waited) {
      lines.push_back(fmt::format("connect took {} = {} ({}) + {}", human_duration(took), what,
                                  waits(connect.syn_retransmits, host),
                                  human_duration(took - waited)));
    } else {
      lines.push_back(fmt::format("connect took {}, with {}", human_duration(took), what));
    }
    return;
  }
  if (connect.rtt && took - *connect.rtt >= kNoticed && took >= kRoundTrips * *connect.rtt) {
    lines.push_back(
        fmt::format("the kernel measured an RTT of {}, but connect() returned after {}: "
                    "this host was busy",
                    human_duration(*connect.rtt), human_duration(took)));
  }
}

void explain_first_byte(const ProbeConnect& connect, std::vector<std::string>& lines) {
  if (!connect.first_byte || !connect.rtt || *connect.first_byte < kNoticed ||
      *connect.first_byte < kRoundTrips * *connect.rtt) {
    return;
  }
  lines.push_back(fmt::format("the first byte took {}, a round trip {}: the server needed the rest",
                              human_duration(*connect.first_byte), human_duration(*connect.rtt)));
}

void explain_resolve(const ProbeAttempt& attempt, const ProbeHost& host,
                     std::vector<std::string>& lines) {
  if (!attempt.resolve || *attempt.resolve < kNoticed) {
    return;
  }
  const nanoseconds resolve = *attempt.resolve;
  nanoseconds all = resolve + attempt.last.connect.value_or(nanoseconds(0)) +
                    attempt.last.first_byte.value_or(nanoseconds(0));
  for (const ProbeConnect& fallen : attempt.fallen) {
    all += fallen.connect.value_or(nanoseconds(0));
  }
  const double share = static_cast<double>(resolve.count()) / static_cast<double>(all.count());
  if (share < kMostOfIt) {
    return;
  }
  std::string line =
      fmt::format("DNS is {:.0f} % of the time: {}", share * 100, human_duration(resolve));
  if (host.resolver_timeout.count() > 0 && resolve >= host.resolver_timeout) {
    const auto timeouts = static_cast<std::uint64_t>(resolve / host.resolver_timeout);
    line += fmt::format(" = {} of {} + {}", counted(timeouts, "resolver timeout"),
                        human_duration(host.resolver_timeout),
                        human_duration(resolve % host.resolver_timeout));
  }
  lines.push_back(std::move(line));
}

std::string timeout_words(const ProbeConnect& connect) {
  if (connect.phase == ProbePhase::kFirstByte) {
    return "the connection is there, but the server has not answered";
  }
  return fmt::format(
      "nothing answered {}: a firewall drops them, the host is down, or the "
      "listener's queue is full",
      counted(connect.syn_retransmits + 1, "SYN"));
}

std::string unreachable_words(const ProbeConnect& connect) {
  return connect.err == ENETUNREACH
             ? "no route to that network, here or (ICMP) at a router on the way"
             : "a router or a firewall says so by ICMP, the last hop has no answer to ARP, or a "
               "route of this host forbids it";
}

std::string failure_words(const ProbeConnect& connect) {
  switch (connect.outcome) {
    case ProbeOutcome::kRefused:
      return "the host answers: nobody listens on that port, or a firewall refuses it";
    case ProbeOutcome::kTimedOut:
      return timeout_words(connect);
    case ProbeOutcome::kUnreachable:
      return unreachable_words(connect);
    case ProbeOutcome::kReset:
      return "the handshake was completed; then the server, or something on the way, reset it";
    case ProbeOutcome::kClosed:
      return "the server closed the connection without a byte";
    case ProbeOutcome::kNotPermitted:
      return "this host forbids it: a prohibit route, a BPF program of the cgroup, or SELinux";
    case ProbeOutcome::kNoPort:
      return "every local port to that address is in use: see net.ipv4.ip_local_port_range and ss "
             "-tan state time-wait";
    case ProbeOutcome::kConnected:
    case ProbeOutcome::kNotResolved:
    case ProbeOutcome::kFailed:
      break;
  }
  return {};
}

}  // namespace

std::vector<std::string> explain(const ProbeAttempt& attempt, const ProbeHost& host) {
  std::vector<std::string> lines;
  explain_resolve(attempt, host, lines);
  if (std::string words = failure_words(attempt.last); !words.empty()) {
    lines.push_back(std::move(words));
  }
  if (attempt.last.phase == ProbePhase::kFirstByte || attempt.last.phase == ProbePhase::kDone) {
    explain_connect(attempt.last, host, lines);
    explain_first_byte(attempt.last, lines);
  }
  return lines;
}

}  // namespace tcptrace::output
