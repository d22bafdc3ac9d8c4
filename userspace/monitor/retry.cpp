// SPDX-License-Identifier: GPL-2.0
#include "monitor/retry.h"

#include <algorithm>
#include <functional>

#include <fmt/core.h>

#include "model/tuple.h"

namespace tcptrace::monitor {
namespace {

using model::RetryPattern;
using std::chrono::nanoseconds;

constexpr std::size_t kMinGaps = 4;
// A doubling that jitter and the resolution have blurred.
constexpr double kLeastGrowth = 1.4;
constexpr double kMostGrowth = 3.2;
constexpr double kJitter = 0.15;
// One that should have come twice over has not: the pattern is over.
constexpr int kOverdue = 4;
constexpr int kCoarse = 4;
// Attempts of one burst: a name with several addresses, a client with several connections.
constexpr nanoseconds kBurst = std::chrono::milliseconds(50);

std::vector<nanoseconds> gaps_of(std::span<const nanoseconds> attempts, nanoseconds resolution) {
  std::vector<nanoseconds> gaps;
  std::optional<nanoseconds> last;
  for (const nanoseconds attempt : attempts) {
    if (last && attempt - *last < resolution) {
      continue;
    }
    if (last) {
      gaps.push_back(attempt - *last);
    }
    last = attempt;
  }
  return gaps;
}

// Each is as long as the one before, as far as the resolution tells.
bool same_gap(nanoseconds before, nanoseconds after, nanoseconds resolution) {
  const auto tolerance =
      std::max(resolution, std::chrono::duration_cast<nanoseconds>(before * kJitter));
  return std::chrono::abs(after - before) <= tolerance;
}

bool grown_gap(nanoseconds before, nanoseconds after, nanoseconds resolution) {
  const double most = static_cast<double>((before + resolution).count()) * kMostGrowth;
  const double least = static_cast<double>(before.count()) * kLeastGrowth;
  return static_cast<double>((after + resolution).count()) >= least &&
         static_cast<double>(after.count()) <= most && after > before + resolution / 2;
}

// How many of the last gaps follow one another as `follows` says.
std::size_t tail_length(std::span<const nanoseconds> gaps, nanoseconds resolution,
                        bool (*follows)(nanoseconds, nanoseconds, nanoseconds)) {
  std::size_t length = 1;
  while (length < gaps.size() &&
         follows(gaps[gaps.size() - length - 1], gaps[gaps.size() - length], resolution)) {
    ++length;
  }
  return length;
}

bool is_attempt(const model::Event& event) {
  switch (event.kind) {
    case model::EventKind::kConnect:
      return event.err != 0;
    case model::EventKind::kRetransmit:
      return event.retransmit_type == model::RetransmitType::kSyn;
    case model::EventKind::kResetReceived:
      return event.connection.state == model::TcpState::kSynSent;
    case model::EventKind::kState:
    case model::EventKind::kAccept:
    case model::EventKind::kClose:
    case model::EventKind::kResetSent:
      return false;
  }
  return false;
}

std::string pair_name(const model::Event& event) {
  const model::Connection& connection = event.connection;
  const std::string peer =
      model::endpoint_text(connection.family, connection.peer, connection.peer_port);
  // Without a pid: who tries again is often a new process of the same program.
  return event.owner ? fmt::format("{} -> {}", event.owner->comm_view(), peer) : "-> " + peer;
}

bool goes_on(const RetryPattern& pattern, nanoseconds now) {
  return now - pattern.last <= pattern.last_gap * kOverdue;
}

}  // namespace

std::optional<RetryPattern> find_retries(std::span<const nanoseconds> attempts,
                                         nanoseconds resolution) {
  const std::vector<nanoseconds> gaps = gaps_of(attempts, std::max(resolution, kBurst));
  const std::size_t fixed = gaps.empty() ? 0 : tail_length(gaps, resolution, same_gap);
  const std::size_t grown = gaps.empty() ? 0 : tail_length(gaps, resolution, grown_gap);
  const std::size_t length = std::max(fixed, grown);
  if (length < kMinGaps) {
    return std::nullopt;
  }
  return RetryPattern{.subject = {},
                      .backs_off = grown > fixed,
                      .attempts = static_cast<std::uint32_t>(length + 1),
                      .first_gap = gaps[gaps.size() - length],
                      .last_gap = gaps.back(),
                      .last = attempts.back()};
}

void RetryFinder::add(Attempts& attempts, nanoseconds now) {
  attempts.push_back(now);
  if (attempts.size() > kMaxAttempts) {
    attempts.pop_front();
  }
}

void RetryFinder::note(const model::Event& event) {
  if (!is_attempt(event)) {
    return;
  }
  const std::string name = pair_name(event);
  if (!pairs_.contains(name) && pairs_.size() >= kMaxPairs) {
    pairs_.erase(std::ranges::min_element(
        pairs_, {}, [](const auto& entry) { return entry.second.attempts.back(); }));
  }
  auto& [attempts, cookies] = pairs_[name];
  // The kernel sends the SYN of one connect() again and again.
  const std::uint64_t cookie = event.connection.cookie;
  if (cookie != 0 && std::ranges::find(cookies, cookie) != cookies.end()) {
    return;
  }
  cookies.push_back(cookie);
  if (cookies.size() > kMaxConnections) {
    cookies.pop_front();
  }
  // What one burst brings takes no room from what came before it.
  if (!attempts.empty() && event.boot_time - attempts.back() < kBurst) {
    return;
  }
  add(attempts, event.boot_time);
}

void RetryFinder::note_host(nanoseconds now) { add(host_, now); }

std::vector<RetryPattern> RetryFinder::patterns(nanoseconds now, nanoseconds interval) const {
  std::vector<RetryPattern> found;
  for (const auto& [name, pair] : pairs_) {
    auto pattern = find_retries(std::vector(pair.attempts.begin(), pair.attempts.end()), kBurst);
    if (pattern && goes_on(*pattern, now)) {
      pattern->subject = name;
      found.push_back(std::move(*pattern));
    }
  }
  // Gaps of a few intervals are too coarse to be alike.
  auto host = find_retries(std::vector(host_.begin(), host_.end()), interval);
  if (host && goes_on(*host, now) && host->last_gap >= kCoarse * interval) {
    found.push_back(std::move(*host));
  }
  return found;
}

}  // namespace tcptrace::monitor
