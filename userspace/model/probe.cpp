// SPDX-License-Identifier: GPL-2.0
#include "model/probe.h"

#include <algorithm>
#include <cerrno>

namespace tcptrace::model {

std::string_view probe_outcome_name(ProbeOutcome outcome) {
  switch (outcome) {
    case ProbeOutcome::kConnected:
      return "connected";
    case ProbeOutcome::kRefused:
      return "refused";
    case ProbeOutcome::kTimedOut:
      return "timed_out";
    case ProbeOutcome::kUnreachable:
      return "unreachable";
    case ProbeOutcome::kReset:
      return "reset";
    case ProbeOutcome::kClosed:
      return "closed";
    case ProbeOutcome::kNotPermitted:
      return "not_permitted";
    case ProbeOutcome::kNoPort:
      return "no_port";
    case ProbeOutcome::kNotResolved:
      return "not_resolved";
    case ProbeOutcome::kFailed:
      return "failed";
  }
  return "unknown";
}

ProbeOutcome probe_outcome_of(std::uint32_t err) {
  switch (err) {
    case 0:
      return ProbeOutcome::kConnected;
    case ECONNREFUSED:
      return ProbeOutcome::kRefused;
    case ETIMEDOUT:
      return ProbeOutcome::kTimedOut;
    case EHOSTUNREACH:
    case ENETUNREACH:
    case EHOSTDOWN:
    case ENETDOWN:
      return ProbeOutcome::kUnreachable;
    case ECONNRESET:
    case EPIPE:
      return ProbeOutcome::kReset;
    case EACCES:
    case EPERM:
      return ProbeOutcome::kNotPermitted;
    case EADDRNOTAVAIL:
      return ProbeOutcome::kNoPort;
    default:
      return ProbeOutcome::kFailed;
  }
}

std::string_view probe_phase_name(ProbePhase phase) {
  switch (phase) {
    case ProbePhase::kResolve:
      return "resolve";
    case ProbePhase::kConnect:
      return "connect";
    case ProbePhase::kFirstByte:
      return "first_byte";
    case ProbePhase::kDone:
      return "done";
  }
  return "unknown";
}

double ProbeSummary::loss() const {
  return attempts == 0
             ? 0
             : static_cast<double>(attempts - succeeded()) / static_cast<double>(attempts);
}

std::chrono::nanoseconds syn_wait(std::uint32_t count, const ProbeHost& host) {
  // tcp_syn_retries is 127 at most, and the wait between two of them two minutes (TCP_RTO_MAX).
  constexpr std::chrono::minutes kLongest(2);
  std::chrono::nanoseconds rto = host.initial_rto;
  std::chrono::nanoseconds sum{};
  for (std::uint32_t i = 0; i < count; ++i) {
    sum += rto;
    if (i >= host.syn_linear_timeouts) {
      rto = std::min<std::chrono::nanoseconds>(rto * 2, kLongest);
    }
  }
  return sum;
}

}  // namespace tcptrace::model
