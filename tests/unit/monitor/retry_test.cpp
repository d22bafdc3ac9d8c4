// SPDX-License-Identifier: GPL-2.0
#include "monitor/retry.h"

#include <chrono>
#include <vector>

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/samples.h"

namespace tcptrace::monitor {
namespace {

using model::RetryPattern;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;
using ::testing::IsEmpty;

// Attempts with these gaps between them.
std::vector<nanoseconds> after(const std::vector<int>& gaps_ms) {
  std::vector<nanoseconds> times{seconds(100)};
  for (const int gap : gaps_ms) {
    times.push_back(times.back() + milliseconds(gap));
  }
  return times;
}

std::optional<RetryPattern> found(const std::vector<int>& gaps_ms) {
  return find_retries(after(gaps_ms), milliseconds(50));
}

TEST(Retries, AtAFixedInterval) {
  const auto pattern = found({5000, 5010, 4980, 5030});
  ASSERT_TRUE(pattern);
  EXPECT_FALSE(pattern->backs_off);
  EXPECT_EQ(pattern->attempts, 5U);
}

TEST(Retries, BackingOff) {
  const auto pattern = found({1000, 2000, 4000, 8000, 16'000});
  ASSERT_TRUE(pattern);
  EXPECT_TRUE(pattern->backs_off);
  EXPECT_EQ(pattern->first_gap, seconds(1));
  EXPECT_EQ(pattern->last_gap, seconds(16));
  EXPECT_EQ(pattern->attempts, 6U);
}

TEST(Retries, BackingOffWithJitter) {
  const auto pattern = found({900, 2100, 3700, 8800, 15'000});
  ASSERT_TRUE(pattern);
  EXPECT_TRUE(pattern->backs_off);
}

TEST(Retries, ThreeGapsAreTooFew) {
  EXPECT_FALSE(found({5000, 5000, 5000}));
  EXPECT_FALSE(found({1000, 2000, 4000}));
  EXPECT_FALSE(found({}));
  EXPECT_FALSE(find_retries({}, milliseconds(50)));
}

TEST(Retries, AnyGapsAreNone) {
  EXPECT_FALSE(found({1000, 7000, 300, 2500, 9000, 400}));
  EXPECT_FALSE(found({16'000, 8000, 4000, 2000, 1000})) << "shrinking";
}

TEST(Retries, ABurstIsOneAttempt) {
  const auto pattern = found({20, 5000, 10, 5000, 30, 5000, 5000});
  ASSERT_TRUE(pattern);
  EXPECT_FALSE(pattern->backs_off);
}

TEST(Retries, OnlyTheLatestCount) {
  const auto pattern = found({1000, 7000, 300, 5000, 5000, 5000, 5000});
  ASSERT_TRUE(pattern);
  EXPECT_EQ(pattern->attempts, 5U);
  EXPECT_FALSE(found({5000, 5000, 5000, 5000, 5000, 900}));
}

model::Event refused(nanoseconds time, std::uint8_t peer = 9) {
  model::Event event = samples::connect_failed();
  event.boot_time = time;
  event.err = 111;
  event.connection.peer = samples::ipv4(10, 0, 0, peer);
  event.connection.cookie = static_cast<std::uint64_t>(time.count());
  samples::set_comm(*event.owner, "worker");
  return event;
}

TEST(RetryFinder, SaysWhoTriesToReachWhom) {
  RetryFinder finder;
  for (int i = 0; i < 6; ++i) {
    finder.note(refused(seconds(100 + 3 * i)));
    finder.note(refused(seconds(100 + 7 * i % 11), 8));  // no pattern
  }
  const auto patterns = finder.patterns(seconds(116), seconds(1));
  ASSERT_EQ(patterns.size(), 1U);
  EXPECT_THAT(patterns[0].subject, ::testing::StartsWith("worker -> 10.0.0.9:"));
  EXPECT_EQ(patterns[0].last_gap, seconds(3));
}

// The kernel sends its SYN again after 1, 2, 4 ... s: that is no attempt of whoever called
// connect().
TEST(RetryFinder, OneConnectIsOneAttempt) {
  RetryFinder finder;
  for (const int second : {101, 103, 107, 115, 131, 163}) {
    model::Event event = refused(seconds(second));
    event.kind = model::EventKind::kRetransmit;
    event.retransmit_type = model::RetransmitType::kSyn;
    event.connection.cookie = 7;
    finder.note(event);
  }
  EXPECT_THAT(finder.patterns(seconds(164), seconds(1)), IsEmpty());
}

TEST(RetryFinder, ABurstOfConnectsIsOneAttempt) {
  RetryFinder finder;
  for (const int time : {1, 3, 7, 15, 31, 63}) {
    for (std::uint64_t cookie = 1; cookie <= 200; ++cookie) {
      model::Event event = refused(seconds(time));
      event.kind = model::EventKind::kRetransmit;
      event.retransmit_type = model::RetransmitType::kSyn;
      event.connection.cookie = cookie;
      finder.note(event);
    }
  }
  EXPECT_THAT(finder.patterns(seconds(64), seconds(1)), IsEmpty());
}

TEST(RetryFinder, SynsThatAreSentAgainDoNotHideAPattern) {
  RetryFinder finder;
  for (int i = 0; i < 6; ++i) {
    for (const int sent_again : {1, 3}) {
      model::Event event = refused(seconds(100 + 5 * i + sent_again));
      event.kind = model::EventKind::kRetransmit;
      event.retransmit_type = model::RetransmitType::kSyn;
      event.connection.cookie = static_cast<std::uint64_t>(i) + 7;
      finder.note(event);
    }
  }
  const auto patterns = finder.patterns(seconds(131), seconds(1));
  ASSERT_EQ(patterns.size(), 1U);
  EXPECT_FALSE(patterns[0].backs_off);
  EXPECT_EQ(patterns[0].last_gap, seconds(5));
}

TEST(RetryFinder, ForgetsWhatHasEnded) {
  RetryFinder finder;
  for (int i = 0; i < 6; ++i) {
    finder.note(refused(seconds(100 + 3 * i)));
  }
  EXPECT_EQ(finder.patterns(seconds(127), seconds(1)).size(), 1U);
  EXPECT_THAT(finder.patterns(seconds(128), seconds(1)), IsEmpty());
}

TEST(RetryFinder, PassesOverWhatSucceeded) {
  RetryFinder finder;
  for (int i = 0; i < 6; ++i) {
    model::Event event = refused(seconds(100 + 3 * i));
    event.err = 0;
    finder.note(event);
    event = samples::event(model::EventKind::kAccept);
    event.boot_time = seconds(100 + 3 * i);
    finder.note(event);
  }
  EXPECT_THAT(finder.patterns(seconds(116), seconds(1)), IsEmpty());
}

TEST(RetryFinder, OfTheHostFromItsCounters) {
  RetryFinder finder;
  // 1, 2, 4, 8, 16, 32 s apart, seen with the interval's resolution.
  for (const int time : {100, 101, 103, 107, 115, 131, 163}) {
    finder.note_host(seconds(time));
  }
  const auto patterns = finder.patterns(seconds(164), seconds(1));
  ASSERT_EQ(patterns.size(), 1U);
  EXPECT_EQ(patterns[0].subject, "");
  EXPECT_TRUE(patterns[0].backs_off);
}

TEST(RetryFinder, FailuresAllTheTimeAreNoPatternOfTheHost) {
  RetryFinder finder;
  for (int i = 0; i < 20; ++i) {
    finder.note_host(seconds(100 + i));
  }
  EXPECT_THAT(finder.patterns(seconds(120), seconds(1)), IsEmpty());
}

TEST(RetryFinder, IsBounded) {
  RetryFinder finder;
  for (int i = 0; i < 10'000; ++i) {
    model::Event event = refused(seconds(i));
    event.connection.peer_port = static_cast<std::uint16_t>(i);
    finder.note(event);
  }
  for (int i = 0; i < 6; ++i) {
    finder.note(refused(seconds(20'000 + 3 * i)));
  }
  EXPECT_EQ(finder.patterns(seconds(20'016), seconds(1)).size(), 1U) << "the old ones left";
}

}  // namespace
}  // namespace tcptrace::monitor
