// SPDX-License-Identifier: GPL-2.0
// Each verdict has a case that triggers it, and the nearest ones that do not.
#include "monitor/pool_verdicts.h"

#include <algorithm>
#include <functional>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tcptrace::monitor {
namespace {

using model::Confidence;
using model::Pool;
using model::PoolProblem;
using model::PoolReport;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

PoolReport ten_seconds() {
  PoolReport report;
  report.duration = seconds(10);
  report.interval = seconds(1);
  report.looks = 11;
  return report;
}

// The confidence with which `problem` is told; unknown: it is not.
Confidence told(PoolProblem problem, const Pool& pool, const PoolReport& report = ten_seconds()) {
  const auto verdicts = judge(pool, report);
  const auto found = std::ranges::find(verdicts, problem, &model::PoolVerdict::problem);
  return found == verdicts.end() ? Confidence::kUnknown : found->confidence;
}

struct Near {
  const char* what;
  std::function<void(Pool&)> change;
};

void expect_none(PoolProblem problem, const Pool& pool, const std::vector<Near>& near) {
  for (const Near& one : near) {
    Pool other = pool;
    one.change(other);
    EXPECT_EQ(told(problem, other), Confidence::kUnknown) << one.what;
  }
}

Pool exhausted() {
  Pool pool;
  pool.now = {.open = 10, .busy = 10, .waiting = 3};
  pool.looks = 11;
  pool.last_look = seconds(10);
  pool.busy_looks = 11;
  pool.open_first = pool.open_min = pool.open_max = 10;
  return pool;
}

TEST(PoolVerdicts, AllBusyAllTheTimeAtAConstantNumberIsExhausted) {
  const auto verdicts = judge(exhausted(), ten_seconds());
  ASSERT_EQ(verdicts.size(), 1U);
  EXPECT_EQ(verdicts[0].problem, PoolProblem::kPoolExhausted);
  EXPECT_EQ(verdicts[0].confidence, Confidence::kLikely);
  EXPECT_EQ(
      verdicts[0].summary,
      "all 10 connections were busy in 11 of 11 looks over 10.0 s, and there were never more; "
      "3 of them have waited for an answer for more than a second");
  EXPECT_THAT(verdicts[0].evidence, testing::ElementsAre("open=10", "busy_looks=11", "looks=11",
                                                         "waiting=3", "opened=0"));
  EXPECT_FALSE(verdicts[0].advice.empty());
}

TEST(PoolVerdicts, ExhaustedIsLessSureWhereSomeWereReplacedOrIdle) {
  Pool pool = exhausted();
  pool.busy_looks = 10;
  EXPECT_EQ(told(PoolProblem::kPoolExhausted, pool), Confidence::kLikely) << "all but one look";
  pool.looks = 30;
  pool.busy_looks = 27;
  EXPECT_EQ(told(PoolProblem::kPoolExhausted, pool), Confidence::kPossible);
  pool = exhausted();
  pool.churn.opened = 1;
  EXPECT_EQ(told(PoolProblem::kPoolExhausted, pool), Confidence::kPossible);
}

TEST(PoolVerdicts, NotExhausted) {
  expect_none(
      PoolProblem::kPoolExhausted, exhausted(),
      {{"idle in two looks", [](Pool& pool) { pool.busy_looks = 9; }},
       {"it grew", [](Pool& pool) { pool.open_min = 9; }},
       {"it had more once", [](Pool& pool) { pool.open_max = 11; }},
       {"one connection is no pool",
        [](Pool& pool) { pool.now.open = pool.open_min = pool.open_max = 1; }},
       {"transfers in one direction", [](Pool& pool) { pool.one_way = 6; }},
       {"few looks", [](Pool& pool) { pool.looks = pool.busy_looks = 5; }},
       {"none is open", [](Pool& pool) { pool.now.open = pool.open_min = pool.open_max = 0; }}});
  Pool moment = exhausted();
  moment.last_look = milliseconds(1999);
  EXPECT_EQ(told(PoolProblem::kPoolExhausted, moment), Confidence::kUnknown);
  moment.last_look = seconds(2);
  EXPECT_EQ(told(PoolProblem::kPoolExhausted, moment), Confidence::kLikely);
}

Pool close_wait() {
  Pool pool;
  pool.now.close_wait = 3;
  pool.close_wait_first = 3;
  pool.close_wait_age = seconds(60);
  return pool;
}

TEST(PoolVerdicts, CloseWaitThatStaysIsALeak) {
  Pool pool = close_wait();
  EXPECT_EQ(told(PoolProblem::kCloseWaitLeak, pool), Confidence::kLikely);
  PoolReport once;
  once.looks = 1;
  EXPECT_EQ(told(PoolProblem::kCloseWaitLeak, pool, once), Confidence::kLikely) << "one look";
  pool.close_wait_age = seconds(59);
  EXPECT_EQ(told(PoolProblem::kCloseWaitLeak, pool), Confidence::kPossible);
  pool.close_wait_first = 1;
  EXPECT_EQ(told(PoolProblem::kCloseWaitLeak, pool), Confidence::kLikely) << "grows, none goes";
  pool.close_wait_left = 1;
  EXPECT_EQ(told(PoolProblem::kCloseWaitLeak, pool), Confidence::kPossible);
}

TEST(PoolVerdicts, NoCloseWaitLeak) {
  expect_none(PoolProblem::kCloseWaitLeak, close_wait(),
              {{"about to be closed", [](Pool& pool) { pool.close_wait_age = milliseconds(4999); }},
               {"none", [](Pool& pool) { pool.now.close_wait = 0; }}});
}

Pool leaking() {
  Pool pool;
  pool.open_first = 4;
  pool.now = {.open = 14, .idle = 13, .busy = 1};
  pool.looks = 11;
  pool.grown_looks = 10;
  pool.churn.opened = 10;
  pool.unreturned = 8;
  return pool;
}

TEST(PoolVerdicts, ConnectionsThatComeAndAreNotUsedAgainAreALeak) {
  Pool pool = leaking();
  EXPECT_EQ(told(PoolProblem::kConnectionLeak, pool), Confidence::kLikely);
  pool.unreturned = 5;
  EXPECT_EQ(told(PoolProblem::kConnectionLeak, pool), Confidence::kPossible);
  pool = leaking();
  pool.grown_looks = 3;
  EXPECT_EQ(told(PoolProblem::kConnectionLeak, pool), Confidence::kPossible);
}

TEST(PoolVerdicts, OfALeakItIsSaidHowManyWentMeanwhile) {
  const auto summary = [](std::uint64_t closed) {
    Pool pool = leaking();
    pool.open_first = 0;
    pool.now.open = pool.unreturned = 20;
    pool.churn.closed = closed;
    return judge(pool, ten_seconds()).at(0).summary;
  };
  EXPECT_THAT(summary(0), testing::HasSubstr(" and none went; "));
  EXPECT_THAT(summary(2), testing::HasSubstr(" and 2 went; "));
}

TEST(PoolVerdicts, NoConnectionLeak) {
  expect_none(PoolProblem::kConnectionLeak, leaking(),
              {{"all are used again", [](Pool& pool) { pool.unreturned = 4; }},
               {"it has come to a halt", [](Pool& pool) { pool.still_looks = 3; }},
               {"it shrank", [](Pool& pool) { pool.shrunk_looks = 1; }},
               {"at one go", [](Pool& pool) { pool.grown_looks = 2; }},
               {"by few", [](Pool& pool) { pool.open_first = 10; }},
               {"others go", [](Pool& pool) { pool.churn.closed = 2; }},
               {"few looks", [](Pool& pool) { pool.looks = 5; }}});
}

Pool beyond_timeout() {
  Pool pool;
  pool.longest_idle = milliseconds(4000);
  pool.peer_idle_close = model::PeerIdleClose{.peer = {}, .idle = seconds(5), .count = 4, .of = 5};
  return pool;
}

TEST(PoolVerdicts, IdleForAsLongAsThePeerAllowsIsARace) {
  Pool pool = beyond_timeout();
  const auto verdicts = judge(pool, ten_seconds());
  ASSERT_EQ(verdicts.size(), 1U);
  EXPECT_EQ(verdicts[0].problem, PoolProblem::kIdleBeyondPeerTimeout);
  EXPECT_EQ(verdicts[0].confidence, Confidence::kLikely);
  EXPECT_EQ(verdicts[0].summary,
            "the peer ends connections that are idle for 5.0 s (4 of 5 closes agree), and this "
            "pool kept one idle for 4.0 s");
  EXPECT_THAT(verdicts[0].advice, testing::HasSubstr("idle for 4.0 s from the pool"));
  pool.peer_idle_close->presumed = true;
  EXPECT_EQ(told(PoolProblem::kIdleBeyondPeerTimeout, pool), Confidence::kPossible);
}

TEST(PoolVerdicts, NoRaceWithThePeersTimeout) {
  expect_none(PoolProblem::kIdleBeyondPeerTimeout, beyond_timeout(),
              {{"a second before it", [](Pool& pool) { pool.longest_idle = milliseconds(3999); }},
               {"no timeout is known", [](Pool& pool) { pool.peer_idle_close.reset(); }},
               {"of a long one, a tenth before it", [](Pool& pool) {
                  pool.peer_idle_close->idle = seconds(60);
                  pool.longest_idle = seconds(53);
                }}});
}

Pool not_reused() {
  Pool pool;
  pool.open_max = 3;
  pool.churn = {.opened = 20,
                .closed = 20,
                .closed_here = 15,
                .lifetimes = {.count = 20, .median = milliseconds(12)}};
  pool.time_wait = 18;
  pool.local_ports = 28'232;
  return pool;
}

TEST(PoolVerdicts, ManyShortConnectionsAreNotReused) {
  Pool pool = not_reused();
  const auto verdicts = judge(pool, ten_seconds());
  ASSERT_EQ(verdicts.size(), 1U);
  EXPECT_EQ(verdicts[0].problem, PoolProblem::kNoReuse);
  EXPECT_EQ(verdicts[0].confidence, Confidence::kLikely);
  EXPECT_EQ(verdicts[0].summary,
            "120 connections a minute came and went, and no look found more than 3 open; half of "
            "them lived no longer than 12.0 ms; this side closed first");
  EXPECT_THAT(verdicts[0].evidence, testing::IsSupersetOf({"time_wait=18", "local_ports=28232"}));
  EXPECT_THAT(verdicts[0].advice, testing::HasSubstr("TIME_WAIT"));
  pool.churn.at_least = true;
  EXPECT_THAT(judge(pool, ten_seconds())[0].summary, testing::StartsWith("at least 120 "));
}

TEST(PoolVerdicts, NotReusedBecauseOfThePeerIsToldSo) {
  Pool pool = not_reused();
  pool.churn.closed_here = 5;
  pool.churn.closed_by_peer = 15;
  const auto verdicts = judge(pool, ten_seconds());
  ASSERT_EQ(verdicts.size(), 1U);
  EXPECT_EQ(verdicts[0].confidence, Confidence::kPossible);
  EXPECT_THAT(verdicts[0].summary, testing::EndsWith("; the peer closed first"));
  EXPECT_THAT(verdicts[0].advice, testing::HasSubstr("keep-alive at the peer"));
}

TEST(PoolVerdicts, NotReusedBlamesNobodyWhoWasNotSeen) {
  Pool pool = not_reused();
  pool.churn.closed_here = pool.churn.closed_by_peer = pool.churn.closed / 2;
  const auto verdicts = judge(pool, ten_seconds());
  ASSERT_EQ(verdicts.size(), 1U);
  EXPECT_EQ(verdicts[0].confidence, Confidence::kPossible);
  EXPECT_THAT(verdicts[0].summary, testing::EndsWith("; it is not known which side closed first"));
  EXPECT_THAT(verdicts[0].advice, testing::StartsWith("see which side closes"));
}

TEST(PoolVerdicts, Reused) {
  expect_none(PoolProblem::kNoReuse, not_reused(),
              {{"few", [](Pool& pool) { pool.churn.closed = 19; }},
               {"of many that stay", [](Pool& pool) { pool.open_max = 7; }},
               {"long lives", [](Pool& pool) { pool.churn.lifetimes.median = milliseconds(2001); }},
               {"of few the life is known", [](Pool& pool) { pool.churn.lifetimes.count = 19; }}});
  PoolReport slow = ten_seconds();
  slow.duration = seconds(21);
  EXPECT_EQ(told(PoolProblem::kNoReuse, not_reused(), slow), Confidence::kUnknown);
}

TEST(PoolVerdicts, OfAHealthyPoolThereAreNone) {
  Pool pool;
  pool.now = {.open = 10, .idle = 7, .busy = 3};
  pool.looks = 11;
  pool.open_first = pool.open_min = pool.open_max = 10;
  pool.longest_idle = minutes(2);
  EXPECT_THAT(judge(pool, ten_seconds()), testing::IsEmpty());
}

TEST(PoolVerdicts, TheSurestComesFirst) {
  Pool pool = not_reused();
  pool.churn.closed_here = 0;
  pool.now.close_wait = 3;
  pool.close_wait_age = minutes(2);
  const auto verdicts = judge(pool, ten_seconds());
  ASSERT_EQ(verdicts.size(), 2U);
  EXPECT_EQ(verdicts[0].problem, PoolProblem::kCloseWaitLeak);
  EXPECT_EQ(verdicts[1].problem, PoolProblem::kNoReuse);
}

}  // namespace
}  // namespace tcptrace::monitor
