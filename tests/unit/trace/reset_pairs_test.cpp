// SPDX-License-Identifier: GPL-2.0
#include "trace/reset_pairs.h"

#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "support/samples.h"

namespace tcptrace::trace {
namespace {

using model::Event;
using std::chrono::milliseconds;

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

TEST_F(Pairs, DoNotInventASender) {
  push(received_from(sent_, milliseconds(1)));
  pairs_.flush(keep_);
  ASSERT_EQ(out_.size(), 1U);
  EXPECT_FALSE(out_[0].sender.has_value());
}

}  // namespace
}  // namespace tcptrace::trace
