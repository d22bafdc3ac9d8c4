// SPDX-License-Identifier: GPL-2.0
#include "diagnose/load_causes.h"

#include <algorithm>
#include <cerrno>
#include <ranges>
#include <tuple>

#include "diagnose/rule.h"

namespace tcptrace::diagnose {
namespace {

using model::Cause;
using model::Confidence;
using model::FailedConnection;
using model::LoadCause;

// A record may be of the handshake, long before a request fails; and one that is held for its other
// end comes a moment after.
constexpr std::chrono::nanoseconds kBefore = std::chrono::seconds(60);
constexpr std::chrono::nanoseconds kAfter = std::chrono::seconds(1);

// How much a cause tells of why: that this end gave up says nothing of the other, and that the
// other end reset says no more than the errno.
int weight(Cause cause) {
  switch (cause) {
    case Cause::kUnknown:
      return 0;
    case Cause::kConnectAbandoned:
    case Cause::kConnectTimeout:
      return 1;
    case Cause::kPeerAborted:
    case Cause::kPeerLostConnection:
    case Cause::kRetransmissionTimeout:
      return 2;
    default:
      return 3;
  }
}

bool unanswered(const FailedConnection& failed) {
  return failed.failure.phase == model::LoadPhase::kConnect && failed.failure.error == ETIMEDOUT;
}

LoadCause full_queue(const FailedConnection& failed, const model::FullestListener& listener) {
  return {.failure = failed.failure,
          .cause = Cause::kAcceptQueueOverflow,
          .confidence = Confidence::kLikely,
          .at_peer = true,
          .summary = queue_was_full(listener.port, listener.backlog, listener.backlog_limit),
          .advice = "raise the backlog of listen() and net.core.somaxconn, or accept faster"};
}

bool same_cause(const LoadCause& one, const LoadCause& other) {
  const auto key = [](const LoadCause& cause) {
    return std::tuple(cause.failure, cause.cause, cause.confidence, cause.at_peer);
  };
  return key(one) == key(other);
}

void count(std::vector<LoadCause>& causes, LoadCause cause) {
  auto known = std::ranges::find_if(
      causes, [&](const LoadCause& other) { return same_cause(other, cause); });
  if (known == causes.end()) {
    known = causes.insert(known, std::move(cause));
  }
  ++known->count;
}

}  // namespace

LoadCauses::Ends LoadCauses::ends_of(const End& one, const End& other) {
  return one < other ? Ends(one, other) : Ends(other, one);
}

void LoadCauses::note(const model::Event& event) {
  if (!event.verdict || told_.size() >= kMaxVerdicts) {
    return;
  }
  const model::Connection& connection = event.connection;
  const End local(connection.local, connection.local_port);
  told_.emplace(ends_of(local, {connection.peer, connection.peer_port}),
                Told{.boot_time = event.boot_time,
                     .cause = event.verdict->cause,
                     .confidence = event.verdict->confidence,
                     .teller = local,
                     .advice = event.verdict->advice});
  summaries_.try_emplace({event.verdict->cause, event.verdict->confidence}, event.verdict->summary);
}

const LoadCauses::Told* LoadCauses::best(const FailedConnection& failed) const {
  const auto [first, last] = told_.equal_range(
      ends_of({failed.local, failed.local_port}, {failed.peer, failed.peer_port}));
  const auto rank = [&](const Told& told) {
    // Ports are used again: of two that tell as much, the nearer one.
    const auto away = failed.boot_time - told.boot_time;
    return std::tuple(weight(told.cause), told.confidence, -std::max(away, -away));
  };
  const Told* best = nullptr;
  for (const auto& [ends, told] : std::ranges::subrange(first, last)) {
    const bool in_time =
        told.boot_time > failed.boot_time - kBefore && told.boot_time < failed.boot_time + kAfter;
    if (in_time && (best == nullptr || rank(told) > rank(*best))) {
      best = &told;
    }
  }
  return best;
}

model::LoadDiagnosis LoadCauses::join(std::span<const FailedConnection> failed,
                                      const model::FullestListener& listener) const {
  model::LoadDiagnosis diagnosis;
  for (const FailedConnection& one : failed) {
    const Told* told = best(one);
    if (unanswered(one) && listener.was_full() && (told == nullptr || weight(told->cause) <= 1)) {
      count(diagnosis.causes, full_queue(one, listener));
    } else if (told == nullptr) {
      ++diagnosis.untold;
    } else {
      count(diagnosis.causes, {.failure = one.failure,
                               .cause = told->cause,
                               .confidence = told->confidence,
                               .at_peer = told->teller != End(one.local, one.local_port),
                               .summary = summaries_.at({told->cause, told->confidence}),
                               .advice = told->advice});
    }
  }
  std::ranges::stable_sort(diagnosis.causes, std::ranges::greater(), &LoadCause::count);
  return diagnosis;
}

}  // namespace tcptrace::diagnose
