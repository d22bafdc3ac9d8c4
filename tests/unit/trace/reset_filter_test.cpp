// SPDX-License-Identifier: GPL-2.0
#include "trace/reset_filter.h"

#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace tcptrace::trace {
namespace {

using model::Event;
using model::EventKind;
using std::chrono::milliseconds;

class ResetFilterTest : public testing::Test {
 protected:
  static Event event(EventKind kind, milliseconds at, std::uint16_t peer_port = 1000) {
    Event event;
    event.kind = kind;
    event.boot_time = at;
    event.connection.local_port = 80;
    event.connection.peer_port = peer_port;
    return event;
  }
  static Event ambiguous(milliseconds at, std::uint16_t peer_port = 1000) {
    Event received = event(EventKind::kResetReceived, at, peer_port);
    received.ambiguous = true;
    return received;
  }
  static Event reply(milliseconds at, std::uint16_t peer_port = 1000) {
    Event sent = event(EventKind::kResetSent, at, peer_port);
    sent.origin = model::ResetOrigin::kReply;
    return sent;
  }

  void push(Event event) { filter_.push(std::move(event), output_); }
  void advance(milliseconds now) { filter_.advance(now, output_); }

  ResetFilter filter_;
  std::vector<Event> out_;
  ResetFilter::Output output_ = [this](Event&& event) { out_.push_back(std::move(event)); };
};

TEST_F(ResetFilterTest, CertainResetPassesAtOnce) {
  push(event(EventKind::kResetReceived, milliseconds(1)));
  ASSERT_EQ(out_.size(), 1U);
  EXPECT_EQ(out_[0].kind, EventKind::kResetReceived);
}

TEST_F(ResetFilterTest, FalseReceivedResetIsSuppressedByTheReplyThatFollows) {
  push(ambiguous(milliseconds(1)));
  push(reply(milliseconds(1)));
  advance(milliseconds(1000));
  ASSERT_EQ(out_.size(), 1U);
  EXPECT_EQ(out_[0].kind, EventKind::kResetSent);
  EXPECT_EQ(filter_.suppressed(), 1U);
}

TEST_F(ResetFilterTest, TrueReceivedResetPassesWhenTheWaitIsOver) {
  push(ambiguous(milliseconds(1)));
  advance(milliseconds(1) + ResetFilter::kWait - milliseconds(1));
  EXPECT_TRUE(out_.empty());
  advance(milliseconds(1) + ResetFilter::kWait);
  ASSERT_EQ(out_.size(), 1U);
  EXPECT_FALSE(out_[0].ambiguous);
  EXPECT_EQ(filter_.suppressed(), 0U);
}

TEST_F(ResetFilterTest, ReplyOfAnotherConnectionSuppressesNothing) {
  push(ambiguous(milliseconds(1), 1000));
  push(reply(milliseconds(1), 1001));
  advance(milliseconds(1000));
  EXPECT_EQ(out_.size(), 2U);
  EXPECT_EQ(filter_.suppressed(), 0U);
}

TEST_F(ResetFilterTest, LateReplySuppressesNothing) {
  push(ambiguous(milliseconds(1)));
  push(reply(milliseconds(1) + ResetFilter::kWait));
  advance(milliseconds(1000));
  EXPECT_EQ(out_.size(), 2U);
}

TEST_F(ResetFilterTest, ActiveResetSuppressesNothing) {
  push(ambiguous(milliseconds(1)));
  Event sent = reply(milliseconds(1));
  sent.origin = model::ResetOrigin::kActive;
  push(std::move(sent));
  advance(milliseconds(1000));
  EXPECT_EQ(out_.size(), 2U);
}

TEST_F(ResetFilterTest, OneReplySuppressesOne) {
  push(ambiguous(milliseconds(1)));
  push(ambiguous(milliseconds(2)));
  push(reply(milliseconds(2)));
  advance(milliseconds(1000));
  EXPECT_EQ(out_.size(), 2U);
  EXPECT_EQ(filter_.suppressed(), 1U);
}

TEST_F(ResetFilterTest, EndOfTheTraceReleasesWhatIsHeld) {
  push(ambiguous(milliseconds(1)));
  filter_.flush(output_);
  EXPECT_EQ(out_.size(), 1U);
}

}  // namespace
}  // namespace tcptrace::trace
