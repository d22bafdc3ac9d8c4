// SPDX-License-Identifier: GPL-2.0
#include "trace/reset_pairs.h"

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "support/samples.h"

namespace tcptrace::trace {
namespace {

using model::Event;
using std::chrono::milliseconds;

constexpr std::uint8_t kSyn = 0x02;
constexpr std::uint8_t kRst = 0x04;
constexpr std::uint8_t kData = 0x18;

// The same segment, as its other end sees it.
Event received_from(const Event& sent, std::chrono::nanoseconds after) {
  Event received = samples::reset_received();
  received.boot_time = sent.boot_time + after;
  received.connection = sent.connection;
  std::swap(received.connection.local, received.connection.peer);
  std::swap(received.connection.local_port, received.connection.peer_port);
  received.connection.netns = sent.connection.netns + 1;
  return received;
}

class Pairs : public testing::Test {
 protected:
  Pairs() {
    sent_.verdict = {.cause = model::Cause::kAbortiveClose,
                     .confidence = model::Confidence::kCertain};
  }

  void remember() {
    pairs_.remember(sent_);
    pairs_.settle(sent_.connection, keep_);
  }
  void push(Event received) { pairs_.push(std::move(received), keep_); }

  Event sent_ = samples::reset_sent();
  ResetPairs pairs_;
  std::vector<Event> out_;
  ResetPairs::Output keep_ = [this](Event&& event) { out_.push_back(std::move(event)); };
};

TEST_F(Pairs, NameWhoSentWhatCame) {
  remember();
  push(received_from(sent_, milliseconds(1)));
  ASSERT_EQ(out_.size(), 1U);
  ASSERT_TRUE(out_[0].sender.has_value());
  EXPECT_EQ(out_[0].sender->cookie, sent_.connection.cookie);
  EXPECT_EQ(out_[0].sender->netns, sent_.connection.netns);
  EXPECT_EQ(out_[0].sender->process->pid, sent_.owner->pid);
  EXPECT_EQ(out_[0].sender->cause, model::Cause::kAbortiveClose);
  EXPECT_EQ(out_[0].sender->confidence, model::Confidence::kCertain);
}

TEST_F(Pairs, WaitForASenderThatIsToldOfLater) {
  push(received_from(sent_, milliseconds(-1)));
  EXPECT_TRUE(out_.empty());
  remember();
  ASSERT_EQ(out_.size(), 1U);
  EXPECT_TRUE(out_[0].sender.has_value());
  pairs_.flush(keep_);
  EXPECT_EQ(out_.size(), 1U);
}

TEST_F(Pairs, WaitNoLongerThanAMoment) {
  const Event received = received_from(sent_, milliseconds(0));
  push(received);
  pairs_.advance(received.boot_time + ResetPairs::kWait - std::chrono::nanoseconds(1), keep_);
  EXPECT_TRUE(out_.empty());
  pairs_.advance(received.boot_time + ResetPairs::kWait, keep_);
  ASSERT_EQ(out_.size(), 1U);
  EXPECT_FALSE(out_[0].sender.has_value());
}

TEST_F(Pairs, AreOfOneTuple) {
  remember();
  for (const auto change :
       {+[](model::Connection& c) { ++c.local_port; }, +[](model::Connection& c) { ++c.peer_port; },
        +[](model::Connection& c) { ++c.local.bytes[0]; },
        +[](model::Connection& c) { ++c.peer.bytes[3]; },
        +[](model::Connection& c) { std::swap(c.local, c.peer); }}) {
    Event received = received_from(sent_, milliseconds(1));
    change(received.connection);
    push(received);
    remember();
    pairs_.flush(keep_);
    EXPECT_FALSE(out_.back().sender.has_value());
  }
}

TEST_F(Pairs, AreOfOneMoment) {
  remember();
  push(received_from(sent_, ResetPairs::kWindow));
  pairs_.flush(keep_);
  ASSERT_EQ(out_.size(), 1U);
  EXPECT_FALSE(out_[0].sender.has_value());
}

TEST_F(Pairs, TakeTheFirstOfSeveralThatAreUnderWay) {
  remember();
  Event echo = sent_;
  echo.boot_time += milliseconds(100);
  echo.verdict->cause = model::Cause::kUnknownConnection;
  pairs_.remember(echo);
  push(received_from(sent_, milliseconds(101)));
  ASSERT_EQ(out_.size(), 1U);
  EXPECT_EQ(out_[0].sender->cause, model::Cause::kAbortiveClose);
}

TEST_F(Pairs, TakeTheNextOnceTheFirstHasCome) {
  remember();
  push(received_from(sent_, milliseconds(1)));
  sent_.boot_time += milliseconds(100);
  sent_.verdict->cause = model::Cause::kConnectionRefused;
  remember();
  push(received_from(sent_, milliseconds(1)));
  ASSERT_EQ(out_.size(), 2U);
  EXPECT_EQ(out_[1].sender->cause, model::Cause::kConnectionRefused);
}

TEST_F(Pairs, TakeTheNextOnceTheFirstIsLost) {
  remember();
  sent_.boot_time += ResetPairs::kWindow;
  sent_.verdict->cause = model::Cause::kConnectionRefused;
  remember();
  push(received_from(sent_, milliseconds(1)));
  ASSERT_EQ(out_.size(), 1U);
  EXPECT_EQ(out_[0].sender->cause, model::Cause::kConnectionRefused);
}

TEST_F(Pairs, TakeTheNextIfItAnswersASyn) {
  remember();
  sent_.origin = model::ResetOrigin::kReply;
  sent_.trigger_flags = kSyn;
  sent_.boot_time += milliseconds(100);
  sent_.verdict->cause = model::Cause::kConnectionRefused;
  remember();
  push(received_from(sent_, milliseconds(1)));
  ASSERT_EQ(out_.size(), 1U);
  EXPECT_EQ(out_[0].sender->cause, model::Cause::kConnectionRefused);
}

TEST_F(Pairs, DoNotInventASender) {
  push(received_from(sent_, milliseconds(1)));
  pairs_.flush(keep_);
  ASSERT_EQ(out_.size(), 1U);
  EXPECT_FALSE(out_[0].sender.has_value());
}

// A reset that a socket sent, and the answer to what was under way to it then.
class Echo : public testing::Test {
 protected:
  Echo() {
    first_.verdict = {.cause = model::Cause::kAbortiveClose,
                      .confidence = model::Confidence::kCertain,
                      .advice = "advice"};
    reply_ = samples::reset_without_socket();
    reply_.connection = first_.connection;
    reply_.boot_time = first_.boot_time + milliseconds(2);
    reply_.origin = model::ResetOrigin::kReply;
    reply_.trigger_flags = kData;
    reply_.trigger_seq = 4'000'000'000;
    reply_.trigger_ack = 7000;
  }

  // The first one answers a segment too: with the peer's previous one.
  void answer_first() {
    first_.origin = model::ResetOrigin::kReply;
    first_.socket_state = model::TcpState::kListen;
    first_.connection.cookie = reply_.connection.cookie = 0;
    first_.trigger_flags = kData;
    first_.trigger_seq = reply_.trigger_seq - 100;
    first_.trigger_ack = reply_.trigger_ack;
  }

  [[nodiscard]] std::optional<model::EarlierReset> earlier() const {
    ResetPairs pairs;
    pairs.remember(first_);
    return pairs.earlier(reply_);
  }

  Event first_ = samples::reset_sent();
  Event reply_;
};

TEST_F(Echo, HasTheVerdictOfTheFirst) {
  const auto found = earlier();
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->cause, model::Cause::kAbortiveClose);
  EXPECT_EQ(found->confidence, model::Confidence::kCertain);
  EXPECT_EQ(found->advice, "advice");
  EXPECT_EQ(found->ago, milliseconds(2));
}

TEST_F(Echo, CanComeFromAListener) {
  reply_.socket_state = model::TcpState::kListen;
  EXPECT_TRUE(earlier().has_value());
  reply_.socket_state = model::TcpState::kTimeWait;
  EXPECT_FALSE(earlier().has_value()) << "which a connection that was reset does not have";
}

TEST_F(Echo, IsOfOneTuple) {
  const model::Connection same = reply_.connection;
  for (const auto change :
       {+[](model::Connection& c) { ++c.local_port; }, +[](model::Connection& c) { ++c.peer_port; },
        +[](model::Connection& c) { ++c.local.bytes[0]; },
        +[](model::Connection& c) { ++c.peer.bytes[3]; }, +[](model::Connection& c) { ++c.netns; },
        +[](model::Connection& c) {
          std::swap(c.local, c.peer);
          std::swap(c.local_port, c.peer_port);
        }}) {
    reply_.connection = same;
    change(reply_.connection);
    EXPECT_FALSE(earlier().has_value());
  }
}

TEST_F(Echo, IsOfOneMoment) {
  reply_.boot_time = first_.boot_time + ResetPairs::kWindow - milliseconds(1);
  EXPECT_TRUE(earlier().has_value());
  reply_.boot_time += milliseconds(1);
  EXPECT_FALSE(earlier().has_value());
}

TEST_F(Echo, DoesNotAnswerASyn) {
  for (const std::uint8_t flags : {kSyn, static_cast<std::uint8_t>(kSyn | kData)}) {
    reply_.trigger_flags = flags;
    EXPECT_FALSE(earlier().has_value());
  }
}

TEST_F(Echo, IsNotOfALaterConnectionWithThePorts) {
  ++reply_.connection.cookie;
  EXPECT_FALSE(earlier().has_value());
  answer_first();
  reply_.connection.cookie = 1;
  EXPECT_FALSE(earlier().has_value()) << "what was reset belonged to nobody";
}

TEST_F(Echo, IsNoMoreThanLikelyWhereNothingTellsThemApart) {
  reply_.connection.cookie = 0;
  ASSERT_TRUE(earlier().has_value());
  EXPECT_EQ(earlier()->confidence, model::Confidence::kLikely);
  first_.verdict->confidence = model::Confidence::kPossible;
  EXPECT_EQ(earlier()->confidence, model::Confidence::kPossible);
}

TEST_F(Echo, WithoutASocketIsKnownByItsNumbers) {
  answer_first();
  ASSERT_TRUE(earlier().has_value());
  EXPECT_EQ(earlier()->confidence, model::Confidence::kCertain);
  reply_.trigger_ack += 500;  // more that this side had sent
  EXPECT_EQ(earlier()->confidence, model::Confidence::kLikely);
  reply_.trigger_ack += 0x40000000;
  EXPECT_FALSE(earlier().has_value());
  answer_first();
  first_.trigger_seq += 0x40000000;
  EXPECT_FALSE(earlier().has_value());
}

TEST_F(Echo, OfWhichOnlyTheResetWasSeenIsKnownByThat) {
  answer_first();
  reply_.trigger_flags = 0;
  reply_.trigger_seq = 0;
  reply_.rst_flags = kRst;
  EXPECT_TRUE(earlier().has_value());
  reply_.rst_flags = kRst | kData;
  EXPECT_FALSE(earlier().has_value()) << "it answers a SYN";
}

TEST_F(Echo, FollowsWhatEndedTheConnectionHere) {
  answer_first();
  first_.trigger_flags = kSyn;
  EXPECT_FALSE(earlier().has_value()) << "a refusal";
  answer_first();
  first_.socket_state = model::TcpState::kSynSent;
  EXPECT_FALSE(earlier().has_value()) << "it goes on";
  answer_first();
  first_.origin = model::ResetOrigin::kNetfilter;
  EXPECT_FALSE(earlier().has_value()) << "nobody's socket";
}

TEST_F(Echo, DoesNotFollowAResetThatCame) {
  ResetPairs pairs;
  Event received = samples::reset_received();
  received.connection = reply_.connection;
  pairs.push(std::move(received), [](Event&&) {});
  EXPECT_FALSE(pairs.earlier(reply_).has_value());
}

TEST_F(Echo, LeavesTheFirstInItsPlace) {
  ResetPairs pairs;
  pairs.remember(first_);
  for (int i = 0; i < 3; ++i) {
    reply_.boot_time += milliseconds(1);
    reply_.earlier = pairs.earlier(reply_);
    ASSERT_TRUE(reply_.earlier.has_value());
    EXPECT_EQ(reply_.earlier->ago, reply_.boot_time - first_.boot_time);
    reply_.verdict = {.cause = reply_.earlier->cause};
    pairs.remember(reply_);
  }
}

TEST_F(Echo, IsOfTheLatestConnectionThatWasReset) {
  ResetPairs pairs;
  pairs.remember(first_);
  first_.boot_time += milliseconds(1);
  ++first_.connection.cookie;
  first_.verdict->cause = model::Cause::kProcessExit;
  pairs.remember(first_);
  ++reply_.connection.cookie;
  ASSERT_TRUE(pairs.earlier(reply_).has_value());
  EXPECT_EQ(pairs.earlier(reply_)->cause, model::Cause::kProcessExit);
}

}  // namespace
}  // namespace tcptrace::trace
