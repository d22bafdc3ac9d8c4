// SPDX-License-Identifier: GPL-2.0
#include "monitor/pool_verdicts.h"

#include <algorithm>
#include <array>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/core.h>

#include "base/text.h"
#include "model/idle_margin.h"

namespace tcptrace::monitor {
namespace {

using model::Confidence;
using model::Pool;
using model::PoolProblem;
using model::PoolReport;
using model::PoolVerdict;
using std::chrono::milliseconds;
using std::chrono::seconds;

// What is so in a few looks, or for a moment, may be chance.
constexpr std::uint64_t kFewLooks = 6;
constexpr milliseconds kMoment = seconds(2);
constexpr std::uint64_t kLeastPool = 2;

// A client that looks at its idle connections only when it needs one finds a closed one late.
constexpr milliseconds kCloseWaitStays = seconds(5);
constexpr milliseconds kCloseWaitLeaks = seconds(60);
constexpr std::uint64_t kCloseWaitGrowth = 2;

constexpr std::uint64_t kLeakGrowth = 5;
constexpr std::uint64_t kLeakSteps = 3;

constexpr std::uint64_t kChurnSize = 20;
constexpr double kChurnPerMinute = 60;
constexpr std::uint64_t kChurnOfOpen = 3;  // closed ones for each that is open at once
constexpr milliseconds kShortLife = seconds(2);

constexpr std::string_view kExhaustedAdvice =
    "callers wait for a connection: find what holds the connections (slow requests at the peer, "
    "connections kept during other work), or raise the pool's limit if the peer can serve more";
constexpr std::string_view kCloseWaitAdvice =
    "the application does not close what the peer has closed: close a connection when a read "
    "returns 0, on every path of an error too, and evict broken connections from the pool";
constexpr std::string_view kLeakAdvice =
    "return every connection to the pool, on every path of an error too; set the pool's limit and "
    "its leak detection, so that the place that does not is named";
constexpr std::string_view kReuseHereAdvice =
    "turn on keep-alive or a pool in this client: each exchange pays for a handshake, and each "
    "close keeps a local port for 60 s (TIME_WAIT), of those that ip_local_port_range allows for "
    "one peer";
constexpr std::string_view kReuseAdvice =
    "see which side closes (run it as root, for longer) and turn on keep-alive there: every "
    "exchange pays for a handshake";
constexpr std::string_view kReusePeerAdvice =
    "turn on keep-alive at the peer, which ends the connections, and allow it more requests on "
    "each: every exchange pays for a handshake";

PoolVerdict verdict(PoolProblem problem, bool likely, std::string summary,
                    std::vector<std::string> evidence, std::string advice) {
  return {.problem = problem,
          .confidence = likely ? Confidence::kLikely : Confidence::kPossible,
          .summary = std::move(summary),
          .evidence = std::move(evidence),
          .advice = std::move(advice)};
}

template <typename T>
std::string fact(std::string_view name, const T& value) {
  return fmt::format("{}={}", name, value);
}

// One look may have caught a connection between two requests, or could not tell: the first one.
bool always_busy(const Pool& pool) { return pool.busy_looks + 1 >= pool.looks; }

std::optional<PoolVerdict> exhausted(const Pool& pool, const PoolReport& report) {
  const bool seen_enough = pool.looks >= kFewLooks && pool.last_look - pool.first_look >= kMoment;
  const bool constant = pool.open_min == pool.open_max && pool.now.open >= kLeastPool;
  const bool busy = always_busy(pool) || pool.busy_looks * 10 >= pool.looks * 9;
  // A transfer of much data in one direction keeps a connection busy, and nobody waits for it.
  const bool transfers = pool.one_way * 2 > pool.now.open;
  if (!seen_enough || !constant || !busy || transfers) {
    return std::nullopt;
  }
  const bool replaced = pool.churn.opened != 0;
  std::string summary = fmt::format(
      "all {} connections were busy in {} of {} looks over {}, and there were never more",
      pool.now.open, pool.busy_looks, pool.looks, human_duration(report.duration));
  if (pool.now.waiting != 0) {
    summary += fmt::format("; {} of them have waited for an answer for more than a second",
                           pool.now.waiting);
  }
  return verdict(
      PoolProblem::kPoolExhausted, always_busy(pool) && !replaced, std::move(summary),
      {fact("open", pool.now.open), fact("busy_looks", pool.busy_looks), fact("looks", pool.looks),
       fact("waiting", pool.now.waiting), fact("opened", pool.churn.opened)},
      std::string(kExhaustedAdvice));
}

std::optional<PoolVerdict> close_wait_leak(const Pool& pool, const PoolReport& /*report*/) {
  if (pool.now.close_wait == 0 || pool.close_wait_age < kCloseWaitStays) {
    return std::nullopt;
  }
  const bool grows =
      pool.now.close_wait >= pool.close_wait_first + kCloseWaitGrowth && pool.close_wait_left == 0;
  return verdict(
      PoolProblem::kCloseWaitLeak, grows || pool.close_wait_age >= kCloseWaitLeaks,
      fmt::format("{} in CLOSE_WAIT, the oldest for at least {}: the peer has closed, this side "
                  "has not",
                  counted(pool.now.close_wait, "connection"), human_duration(pool.close_wait_age)),
      {fact("close_wait", pool.now.close_wait), fact("close_wait_first", pool.close_wait_first),
       fact("close_wait_left", pool.close_wait_left),
       fact("close_wait_age_ms", pool.close_wait_age.count())},
      std::string(kCloseWaitAdvice));
}

std::optional<PoolVerdict> connection_leak(const Pool& pool, const PoolReport& report) {
  if (pool.looks < kFewLooks || pool.now.open < pool.open_first + kLeakGrowth) {
    return std::nullopt;
  }
  const std::uint64_t growth = pool.now.open - pool.open_first;
  const bool grows_on = pool.grown_looks >= kLeakSteps && pool.shrunk_looks == 0 &&
                        pool.still_looks * 4 <= report.looks;
  if (!grows_on || pool.churn.closed * 10 > growth || pool.unreturned * 2 < growth) {
    return std::nullopt;
  }
  return verdict(
      PoolProblem::kConnectionLeak,
      pool.unreturned * 3 >= growth * 2 && pool.grown_looks * 2 >= report.looks,
      fmt::format("open connections grew from {} to {} within {} and {} went; {} of the new ones "
                  "were used once and are idle since",
                  pool.open_first, pool.now.open, human_duration(report.duration),
                  pool.churn.closed == 0 ? "none" : fmt::format("{}", pool.churn.closed),
                  pool.unreturned),
      {fact("open_first", pool.open_first), fact("open", pool.now.open),
       fact("grown_looks", pool.grown_looks), fact("looks", pool.looks),
       fact("closed", pool.churn.closed), fact("unreturned", pool.unreturned)},
      std::string(kLeakAdvice));
}

milliseconds safe_idle(milliseconds timeout) {
  return std::max(timeout - model::margin_of(timeout), timeout / 2);
}

std::optional<PoolVerdict> idle_beyond_peer_timeout(const Pool& pool,
                                                    const PoolReport& /*report*/) {
  if (!pool.peer_idle_close || pool.longest_idle < safe_idle(pool.peer_idle_close->idle)) {
    return std::nullopt;
  }
  const model::PeerIdleClose& closes = *pool.peer_idle_close;
  const std::string timeout = human_duration(closes.idle);
  return verdict(
      PoolProblem::kIdleBeyondPeerTimeout, !closes.presumed,
      fmt::format("the peer {} connections that are idle for {} ({} of {} closes agree), and "
                  "this pool kept one idle for {}",
                  closes.presumed ? "seems to end" : "ends", timeout, closes.count, closes.of,
                  human_duration(pool.longest_idle)),
      {fact("peer_idle_close_ms", closes.idle.count()), fact("agreeing", closes.count),
       fact("of", closes.of), fact("longest_idle_ms", pool.longest_idle.count())},
      fmt::format("a request that crosses the peer's close is lost: drop connections that were "
                  "idle for {} from the pool, before the peer ends them at {}, or raise the peer's "
                  "keep-alive timeout above that of the pool",
                  human_duration(safe_idle(closes.idle)), timeout));
}

std::optional<PoolVerdict> no_reuse(const Pool& pool, const PoolReport& report) {
  const model::PoolChurn& churn = pool.churn;
  const double closed = model::per_minute(churn.closed, report.duration);
  if (churn.closed < kChurnSize || closed < kChurnPerMinute ||
      churn.closed < kChurnOfOpen * pool.open_max || churn.lifetimes.count < kChurnSize ||
      churn.lifetimes.median > kShortLife) {
    return std::nullopt;
  }
  const bool here = churn.closed_here * 2 > churn.closed;
  const bool by_peer = churn.closed_by_peer * 2 > churn.closed;
  std::vector<std::string> evidence = {
      fact("closed", churn.closed),
      fact("closed_here", churn.closed_here),
      fact("closed_by_peer", churn.closed_by_peer),
      fact("open_max", pool.open_max),
      fact("lifetime_median_us",
           std::chrono::duration_cast<std::chrono::microseconds>(churn.lifetimes.median).count()),
      fact("time_wait", pool.time_wait)};
  if (pool.local_ports != 0) {
    evidence.push_back(fact("local_ports", pool.local_ports));
  }
  const std::string at_once =
      pool.open_max == 0 ? "one" : fmt::format("more than {}", pool.open_max);
  return verdict(
      PoolProblem::kNoReuse, here,
      fmt::format("{}{} connections a minute came and went, and no look found {} open; half of "
                  "them lived no longer than {}; {} closed first",
                  churn.at_least ? "at least " : "", grouped(static_cast<std::uint64_t>(closed)),
                  at_once, human_duration(churn.lifetimes.median),
                  here      ? "this side"
                  : by_peer ? "the peer"
                            : "it is not known which side"),
      std::move(evidence),
      std::string(here      ? kReuseHereAdvice
                  : by_peer ? kReusePeerAdvice
                            : kReuseAdvice));
}

constexpr std::array kVerdictRules = {exhausted, close_wait_leak, connection_leak,
                                      idle_beyond_peer_timeout, no_reuse};

}  // namespace

std::vector<PoolVerdict> judge(const Pool& pool, const PoolReport& report) {
  std::vector<PoolVerdict> verdicts;
  for (const auto rule : kVerdictRules) {
    if (auto one = rule(pool, report)) {
      verdicts.push_back(std::move(*one));
    }
  }
  std::ranges::stable_sort(verdicts, std::greater{}, &PoolVerdict::confidence);
  return verdicts;
}

}  // namespace tcptrace::monitor
