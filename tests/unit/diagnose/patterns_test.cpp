// SPDX-License-Identifier: GPL-2.0
#include "diagnose/patterns.h"

#include <cmath>
#include <functional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/samples.h"

namespace tcptrace::diagnose {
namespace {

using model::Cause;
using model::Confidence;
using model::Event;
using model::EventKind;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;

Event reset(Cause cause, Confidence confidence = Confidence::kLikely) {
  Event event = samples::reset_received();
  event.closing.reset();
  event.verdict = {.cause = cause, .confidence = confidence, .advice = "advice"};
  return event;
}

Event idle_reset(milliseconds idle) {
  Event event = reset(Cause::kPeerLostConnection);
  event.info->unacked = 1;
  event.info->last_data_sent_ms = 7;
  event.info->last_data_recv_ms = static_cast<std::uint32_t>(idle.count()) + 7;
  return event;
}

TEST(Patterns, CountEachCauseBetweenTheSameTwo) {
  PatternFinder finder;
  Event event = reset(Cause::kPeerAborted, Confidence::kPossible);
  for (int i = 0; i < 3; ++i) {
    event.boot_time = seconds(10 + i);
    finder.note(event);
  }
  event.verdict->confidence = Confidence::kCertain;
  event.boot_time = seconds(20);
  finder.note(event);
  finder.note(reset(Cause::kAbortiveClose));
  ++event.connection.peer.bytes[3];
  finder.note(event);

  const model::Patterns found = finder.patterns();
  ASSERT_EQ(found.causes.size(), 3U);
  EXPECT_EQ(found.causes[0].cause, Cause::kPeerAborted);
  EXPECT_EQ(found.causes[0].count, 4U);
  EXPECT_EQ(found.causes[0].confidence, Confidence::kCertain);
  EXPECT_EQ(found.causes[0].first, seconds(10));
  EXPECT_EQ(found.causes[0].last, seconds(20));
  EXPECT_EQ(found.causes[0].advice, "advice");
}

TEST(Patterns, OfAServerAreByItsOwnPort) {
  PatternFinder finder;
  Event event = reset(Cause::kPeerAborted);
  event.connection.role = model::Role::kServer;
  for (int i = 0; i < 3; ++i) {
    ++event.connection.peer_port;
    finder.note(event);
  }
  ASSERT_EQ(finder.patterns().causes.size(), 1U);
  EXPECT_EQ(finder.patterns().causes[0].party.port, event.connection.local_port);
}

TEST(Patterns, RefusalsAreByThePortThatWasAskedFor) {
  PatternFinder finder;
  for (std::uint16_t i = 0; i < 12; ++i) {
    Event event = samples::reset_sent();
    event.connection.role = model::Role::kUnknown;
    event.connection.local_port = 9;
    event.connection.peer_port = static_cast<std::uint16_t>(40'000 + i);
    event.verdict = model::Verdict{};
    event.verdict->cause = model::Cause::kConnectionRefused;
    finder.note(event);
  }
  const auto patterns = finder.patterns();
  ASSERT_EQ(patterns.causes.size(), 1U);
  EXPECT_EQ(patterns.causes[0].count, 12U);
  EXPECT_EQ(patterns.causes[0].party.port, 9);
}

TEST(Patterns, AConnectHasNoIdleTime) {
  PatternFinder refused;
  PatternFinder established;
  for (int i = 0; i < 10; ++i) {
    Event event = idle_reset(std::chrono::hours(25));
    established.note(event);
    event.connection.state = model::TcpState::kSynSent;
    refused.note(event);
  }
  EXPECT_EQ(established.patterns().idle_clusters.size(), 1U);
  EXPECT_TRUE(refused.patterns().idle_clusters.empty()) << "that time is the host's";
}

TEST(Patterns, CountAnEchoWithTheResetBefore) {
  PatternFinder finder;
  Event event = samples::reset_sent();
  event.verdict = {.cause = Cause::kAbortiveClose, .confidence = Confidence::kCertain};
  finder.note(event);
  event.earlier = {.cause = Cause::kAbortiveClose};
  finder.note(event);
  EXPECT_EQ(finder.patterns().causes[0].count, 1U);
  event.earlier->cause = Cause::kProcessExit;
  finder.note(event);
  EXPECT_EQ(finder.patterns().causes[0].count, 2U) << "it has a cause of its own";
}

TEST(Patterns, LeaveAloneWhatHasNoVerdict) {
  PatternFinder finder;
  finder.note(samples::reset_received());
  EXPECT_TRUE(finder.patterns().causes.empty());
}

TEST(Patterns, CountWhatTheyHaveNoRoomFor) {
  PatternFinder finder;
  Event event = reset(Cause::kPeerAborted);
  for (std::size_t i = 0; i < PatternFinder::kMaxRows + 5; ++i) {
    event.connection.peer_port = static_cast<std::uint16_t>(i + 1);
    event.connection.role = model::Role::kClient;
    finder.note(event);
  }
  EXPECT_EQ(finder.patterns().causes.size(), PatternFinder::kMaxRows);
  EXPECT_EQ(finder.patterns().ungrouped, 5U);
}

TEST(Patterns, AnIdleTimeoutIsAClusterOfIdleTimes) {
  PatternFinder finder;
  for (const int extra : {0, 10, 120, 400, 700}) {
    finder.note(idle_reset(seconds(60) + milliseconds(extra)));
  }
  finder.note(idle_reset(seconds(5)));
  const model::Patterns found = finder.patterns();
  ASSERT_EQ(found.idle_clusters.size(), 1U);
  EXPECT_EQ(found.idle_clusters[0].count, 5U);
  EXPECT_EQ(found.idle_clusters[0].of, 6U);
  EXPECT_EQ(found.idle_clusters[0].idle, milliseconds(60120));
}

TEST(Patterns, ScatteredOrFewIdleTimesAreNoTimeout) {
  PatternFinder scattered;
  for (int i = 1; i <= 12; ++i) {
    scattered.note(idle_reset(seconds(10) * i));
  }
  EXPECT_TRUE(scattered.patterns().idle_clusters.empty());
  PatternFinder few;
  for (int i = 0; i < 4; ++i) {
    few.note(idle_reset(seconds(60)));
  }
  EXPECT_TRUE(few.patterns().idle_clusters.empty());
  PatternFinder busy;
  for (int i = 0; i < 20; ++i) {
    busy.note(idle_reset(milliseconds(999)));
  }
  EXPECT_TRUE(busy.patterns().idle_clusters.empty());
}

TEST(Patterns, TheIdleTimeOfARaceIsThatBeforeTheClose) {
  PatternFinder finder;
  Event event = reset(Cause::kKeepaliveRace);
  event.closing = {.ago = milliseconds(1), .idle = seconds(75), .fin_seq = 1};
  for (int i = 0; i < 5; ++i) {
    finder.note(event);
  }
  ASSERT_EQ(finder.patterns().idle_clusters.size(), 1U);
  EXPECT_EQ(finder.patterns().idle_clusters[0].idle, seconds(75));
}

// Connects that fail, with the time from one to the next as given.
model::Patterns connects(int count, const std::function<nanoseconds(int)>& wait) {
  PatternFinder finder;
  Event event = reset(Cause::kConnectionRefused);
  event.connection.state = model::TcpState::kSynSent;
  event.connection.role = model::Role::kClient;
  for (int i = 0; i < count; ++i) {
    event.boot_time += wait(i);
    finder.note(event);
  }
  return finder.patterns();
}

TEST(Patterns, ARetryStormIsFastAndLong) {
  const auto steady = [](int) -> nanoseconds { return milliseconds(100); };
  const model::Patterns storm = connects(30, steady);
  ASSERT_EQ(storm.retry_storms.size(), 1U);
  EXPECT_EQ(storm.retry_storms[0].count, 30U);
  EXPECT_NEAR(storm.retry_storms[0].per_second, 10.0, 0.1);
  EXPECT_FALSE(storm.retry_storms[0].backs_off);
  EXPECT_TRUE(connects(9, steady).retry_storms.empty());
  EXPECT_TRUE(
      connects(30, [](int) -> nanoseconds { return milliseconds(1100); }).retry_storms.empty());
}

TEST(Patterns, ARetryStormMayBackOff) {
  const model::Patterns storm =
      connects(10, [](int i) -> nanoseconds { return milliseconds(10) * (1 << i) / 2; });
  ASSERT_EQ(storm.retry_storms.size(), 1U);
  EXPECT_TRUE(storm.retry_storms[0].backs_off);
}

TEST(Patterns, ChurnIsManyShortConnectionsOfOneProcess) {
  PatternFinder finder;
  Event event = samples::reset_received();
  event.kind = EventKind::kClose;
  event.connection.role = model::Role::kClient;
  event.connection.age = milliseconds(20);
  for (int i = 0; i < 60; ++i) {
    event.boot_time += milliseconds(10);
    finder.note(event);
  }
  const model::Patterns found = finder.patterns();
  ASSERT_EQ(found.churn.size(), 1U);
  EXPECT_EQ(found.churn[0].count, 60U);
  EXPECT_EQ(found.churn[0].age, milliseconds(20));
  EXPECT_NEAR(found.churn[0].per_second, 100.0, 1.0);

  PatternFinder long_lived;
  event.connection.age = seconds(1);
  for (int i = 0; i < 60; ++i) {
    event.boot_time += milliseconds(10);
    long_lived.note(event);
  }
  EXPECT_TRUE(long_lived.patterns().churn.empty());
}

}  // namespace
}  // namespace tcptrace::diagnose
