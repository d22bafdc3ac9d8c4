// SPDX-License-Identifier: GPL-2.0
// Attempts of a probe for people: a line each, with its reasons below.
#include <iterator>
#include <string_view>

#include <fmt/core.h>

#include "base/text.h"
#include "output/probe.h"
#include "output/text_cell.h"
#include "output/words.h"

namespace tcptrace::output {
namespace {

using model::ProbeAttempt;
using model::ProbeConnect;
using model::ProbeOutcome;
using model::ProbePhase;
using model::ProbeSummary;

std::string_view verb(const ProbeConnect& connect) {
  switch (connect.outcome) {
    case ProbeOutcome::kConnected:
      return "connected to";
    case ProbeOutcome::kRefused:
      return "refused by";
    case ProbeOutcome::kTimedOut:
      return connect.phase == ProbePhase::kFirstByte ? "no answer from" : "timed out:";
    case ProbeOutcome::kUnreachable:
      return "unreachable:";
    case ProbeOutcome::kReset:
      return "reset by";
    case ProbeOutcome::kClosed:
      return "closed by";
    case ProbeOutcome::kNotPermitted:
      return "not permitted:";
    case ProbeOutcome::kNoPort:
      return "no free port to";
    case ProbeOutcome::kNotResolved:
      return "not resolved";
    case ProbeOutcome::kFailed:
      return "failed:";
  }
  return "";
}

void add_connect(Clauses& clauses, const ProbeConnect& connect) {
  clauses.add("{} {}", verb(connect), host_and_port(connect.address, connect.port));
  if (connect.connect) {
    clauses.add("connect {}", human_duration(*connect.connect));
  }
  if (connect.rtt) {
    clauses.add("rtt {}", human_duration(*connect.rtt));
  }
  if (connect.first_byte) {
    clauses.add("first byte {}", human_duration(*connect.first_byte));
  }
  if (connect.syn_retransmits != 0) {
    clauses.add("{} sent again", counted(connect.syn_retransmits, "SYN"));
  }
  if (connect.err != 0) {
    clauses.add("{}", errno_text(connect.err));
  }
}

void append_latency(std::string& out, std::string_view label, const model::Latency& latency,
                    std::string_view more = {}) {
  if (latency.count == 0) {
    return;
  }
  append_labelled(
      out, label,
      fmt::format("min {}, avg {}, p50 {}, p99 {}, max {}{}", human_duration(latency.min),
                  human_duration(latency.mean), human_duration(latency.p50),
                  human_duration(latency.p99), human_duration(latency.max), more));
}

std::string outcomes(const ProbeSummary& summary) {
  std::string text;
  Clauses clauses(text);
  for (std::size_t i = 0; i < model::kProbeOutcomes; ++i) {
    if (summary.outcomes[i] != 0) {
      clauses.add("{} {}", grouped(summary.outcomes[i]),
                  model::probe_outcome_name(static_cast<ProbeOutcome>(i)));
    }
  }
  clauses.add("{:.1f} % lost", summary.loss() * 100);
  return text;
}

// Only where there were several: the lines above say it of one.
void append_addresses(std::string& out, const ProbeSummary& summary) {
  if (summary.addresses.size() < 2) {
    return;
  }
  for (const model::ProbeAddress& address : summary.addresses) {
    std::string words = fmt::format("{} {} of {}", host_and_port(address.address, address.port),
                                    grouped(address.succeeded), grouped(address.attempts));
    if (address.connect.count != 0) {
      words += fmt::format(", connect avg {}", human_duration(address.connect.mean));
    }
    append_labelled(out, "address", words);
  }
}

}  // namespace

std::string probe_text(const ProbeAttempt& attempt, const model::ProbeHost& host,
                       const Context& context) {
  std::string words;
  Clauses clauses(words);
  if (attempt.last.outcome == ProbeOutcome::kNotResolved) {
    clauses.add("{}", terminal_safe(attempt.resolve_error));
  } else {
    add_connect(clauses, attempt.last);
  }
  if (attempt.resolve) {
    clauses.add("DNS {}", human_duration(*attempt.resolve));
  }
  std::string out = fmt::format("{:>4}  ", attempt.number);
  const bool good = attempt.last.outcome == ProbeOutcome::kConnected;
  append_colored(out, words, good ? Color::kNone : Color::kRed, context);
  out += '\n';
  for (const ProbeConnect& fallen : attempt.fallen) {
    std::string before;
    Clauses of_fallen(before);
    add_connect(of_fallen, fallen);
    out += fmt::format("      before that: {}\n", before);
  }
  for (const std::string& line : explain(attempt, host)) {
    out += fmt::format("      {}\n", line);
  }
  return out;
}

std::string probe_summary_text(const ProbeSummary& summary) {
  std::string out;
  append_labelled(
      out, "summary",
      fmt::format("{}, ended by: {}", human_duration(summary.duration), summary.ended_by));
  append_labelled(out, "attempts",
                  fmt::format("{}: {}", grouped(summary.attempts), outcomes(summary)));
  append_latency(
      out, "connect", summary.connect,
      summary.connect.count < 2 ? "" : fmt::format(", jitter {}", human_duration(summary.jitter)));
  append_latency(out, "rtt", summary.rtt);
  append_latency(out, "first byte", summary.first_byte);
  append_latency(out, "DNS", summary.resolve);
  if (summary.syn_retransmits != 0) {
    append_labelled(out, "SYNs", grouped(summary.syn_retransmits) + " sent again");
  }
  append_addresses(out, summary);
  return out;
}

}  // namespace tcptrace::output
