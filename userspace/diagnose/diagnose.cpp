// SPDX-License-Identifier: GPL-2.0
#include "diagnose/diagnose.h"

#include "diagnose/rule.h"

namespace tcptrace::diagnose {
namespace {

using model::Event;
using model::EventKind;
using model::ResetOrigin;
using model::Verdict;

std::span<const Rule> sent_reset_rules(const Event& event) {
  switch (event.origin) {
    case ResetOrigin::kActive:
      return active_reset_rules();
    case ResetOrigin::kReply:
      return reply_reset_rules();
    case ResetOrigin::kNetfilter:
      return firewall_reset_rules();
    case ResetOrigin::kUnknown:
      return {};
  }
  return {};
}

// Empty optional: nothing went wrong.
std::optional<std::span<const Rule>> rules_for(const Event& event) {
  const bool told = event.reset_sent || event.reset_received;
  switch (event.kind) {
    case EventKind::kState:
    case EventKind::kAccept:
      return std::nullopt;
    case EventKind::kRetransmit:
      return event.retransmit_type == model::RetransmitType::kSynAck
                 ? std::optional(handshake_rules())
                 : std::nullopt;
    case EventKind::kResetSent:
      return sent_reset_rules(event);
    case EventKind::kResetReceived:
      return received_reset_rules();
    case EventKind::kConnect:
      return (event.err != 0 || event.abandoned) && !told ? std::optional(failed_connect_rules())
                                                          : std::nullopt;
    case EventKind::kClose:
      return event.err != 0 && !told ? std::optional(failed_close_rules()) : std::nullopt;
  }
  return std::nullopt;
}

Verdict verdict_of(const Rule& rule, const Evidence& evidence) {
  Facts facts;
  rule.facts(evidence, facts);
  if (rule.of_earlier) {
    const model::EarlierReset& earlier = *evidence.event.earlier;
    return {.cause = earlier.cause,
            .confidence = earlier.confidence,
            .summary = rule.summary(evidence),
            .evidence = facts.take(),
            .advice = earlier.advice};
  }
  return {.cause = rule.cause,
          .confidence = rule.confidence,
          .summary = rule.summary(evidence),
          .evidence = facts.take(),
          .advice = rule.advice};
}

}  // namespace

std::optional<Verdict> diagnose(const Evidence& evidence) {
  const auto rules = rules_for(evidence.event);
  if (!rules) {
    return std::nullopt;
  }
  for (const Rule& rule : *rules) {
    if (rule.holds(evidence)) {
      return verdict_of(rule, evidence);
    }
  }
  // What is sent again may yet arrive.
  if (evidence.event.kind == EventKind::kRetransmit) {
    return std::nullopt;
  }
  return Verdict{.summary = "the evidence does not tell"};
}

}  // namespace tcptrace::diagnose
