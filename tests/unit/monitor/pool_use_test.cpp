// SPDX-License-Identifier: GPL-2.0
#include "monitor/pool_use.h"

#include <optional>

#include <gtest/gtest.h>

namespace tcptrace::monitor {
namespace {

using std::chrono::milliseconds;

// A request that went out, and an answer that came, so long ago.
model::TcpInfo exchanged(std::uint32_t sent_ms, std::uint32_t received_ms) {
  model::TcpInfo info{};
  info.bytes_sent = 100;
  info.bytes_received = 200;
  info.last_data_sent_ms = sent_ms;
  info.last_data_recv_ms = info.last_ack_recv_ms = received_ms;
  info.segs_out = 4;
  info.data_segs_out = 2;
  info.data_segs_in = 2;
  return info;
}

PoolUse alone(const model::TcpInfo& info) { return use_of(info, std::nullopt).use; }

TEST(PoolUse, IsIdleOnceTheAnswerHasCome) { EXPECT_EQ(alone(exchanged(900, 850)), PoolUse::kIdle); }

TEST(PoolUse, IsBusyWhileTheLastWordIsARequest) {
  EXPECT_EQ(alone(exchanged(850, 900)), PoolUse::kBusy);
}

TEST(PoolUse, IsWaitingWithoutAnAnswerForASecond) {
  EXPECT_EQ(alone(exchanged(999, 5000)), PoolUse::kBusy);
  EXPECT_EQ(alone(exchanged(1000, 5000)), PoolUse::kWaiting);
}

TEST(PoolUse, IsBusyWithAFirstRequestThatNothingAnswers) {
  model::TcpInfo info = exchanged(20, 0);
  info.bytes_received = 0;
  // What the kernel says where nothing has ever come: since the machine booted.
  info.last_data_recv_ms = 4'000'000'000;
  EXPECT_EQ(alone(info), PoolUse::kBusy);
  info.last_data_recv_ms = 0;
  EXPECT_EQ(alone(info), PoolUse::kBusy);
}

TEST(PoolUse, OfAConnectionThatWasOnlyOpenedIsIdle) {
  model::TcpInfo info{};
  info.last_data_sent_ms = 300;
  EXPECT_EQ(alone(info), PoolUse::kIdle);
  EXPECT_EQ(idle_of(info), milliseconds(300));
}

TEST(PoolUse, IsBusyWithAnythingInAQueue) {
  const auto with = [](void (*change)(model::TcpInfo&)) {
    model::TcpInfo info = exchanged(900, 850);
    change(info);
    return alone(info);
  };
  EXPECT_EQ(with([](model::TcpInfo&) {}), PoolUse::kIdle);
  EXPECT_EQ(with([](model::TcpInfo& info) { info.unread_bytes = 1; }), PoolUse::kBusy);
  EXPECT_EQ(with([](model::TcpInfo& info) { info.unsent_bytes = 1; }), PoolUse::kBusy);
  EXPECT_EQ(with([](model::TcpInfo& info) { info.unacked_bytes = 1; }), PoolUse::kBusy);
}

TEST(PoolUse, IsBusyBetweenTwoRequestsThatFollowAtOnce) {
  EXPECT_EQ(alone(exchanged(12, 10)), PoolUse::kBusy);
  EXPECT_EQ(alone(exchanged(12, 11)), PoolUse::kIdle);
}

TEST(PoolUse, WithinOneTickIsToldByTheAcknowledgement) {
  const model::TcpInfo tie = exchanged(400, 400);
  EXPECT_EQ(alone(tie), PoolUse::kIdle) << "nothing to tell it by";
  SeenUse before = use_of(tie, std::nullopt);
  before.segments -= 2;
  EXPECT_EQ(use_of(tie, before).use, PoolUse::kBusy) << "the next request acknowledged the answer";
  --before.bare_acks;
  EXPECT_EQ(use_of(tie, before).use, PoolUse::kIdle) << "a bare ACK did";
}

TEST(PoolUse, WithinOneTickIsToldByThePeersAcknowledgement) {
  model::TcpInfo tie = exchanged(4000, 4000);
  tie.last_ack_recv_ms = 3960;
  EXPECT_EQ(alone(tie), PoolUse::kWaiting) << "of the request that followed";
  tie.last_ack_recv_ms = 3000;
  EXPECT_EQ(alone(tie), PoolUse::kIdle) << "of a keep-alive probe";
}

// A look that came after an answer, so long ago, on which a next request seemed to follow.
SeenUse next_request(std::uint32_t ago_ms) {
  const model::TcpInfo tie = exchanged(ago_ms, ago_ms);
  SeenUse before = use_of(tie, std::nullopt);
  before.segments -= 2;
  return use_of(tie, before);
}

TEST(PoolUse, WithinOneTickStaysWhatItWasWhileNothingMoves) {
  model::TcpInfo tie = exchanged(1400, 1400);
  EXPECT_EQ(use_of(tie, use_of(exchanged(400, 400), std::nullopt)).use, PoolUse::kIdle);
  EXPECT_EQ(use_of(tie, next_request(251)).use, PoolUse::kWaiting);
  ++tie.segs_out;
  EXPECT_EQ(use_of(tie, next_request(251)).use, PoolUse::kWaiting) << "a keep-alive probe";
  EXPECT_EQ(use_of(tie, next_request(250)).use, PoolUse::kIdle) << "acknowledged meanwhile";
}

// The kernel acknowledges the first answers of a connection at once, so nothing moves afterwards.
TEST(PoolUse, SeenJustAfterTheAnswerIsNoNextRequest) {
  const SeenUse first = use_of(exchanged(4, 4), std::nullopt);
  EXPECT_EQ(first.use, PoolUse::kBusy);
  EXPECT_EQ(use_of(exchanged(1204, 1204), first).use, PoolUse::kIdle) << "in the first look";

  SeenUse before = use_of(exchanged(900, 850), std::nullopt);
  before.segments -= 2;
  --before.bare_acks;
  const SeenUse second = use_of(exchanged(4, 4), before);
  EXPECT_EQ(second.use, PoolUse::kBusy);
  EXPECT_EQ(use_of(exchanged(1204, 1204), second).use, PoolUse::kIdle) << "in a later one";
}

TEST(PoolUse, ReadLateIsNoNextRequest) {
  model::TcpInfo tie = exchanged(400, 400);
  tie.unread_bytes = 1;
  const SeenUse unread = use_of(tie, std::nullopt);
  EXPECT_EQ(unread.use, PoolUse::kBusy);
  EXPECT_EQ(use_of(exchanged(1400, 1400), unread).use, PoolUse::kIdle);
}

TEST(PoolUse, IsSettledOnceTheLatestAckIsDue) {
  EXPECT_FALSE(use_of(exchanged(260, 250), std::nullopt).settled);
  EXPECT_TRUE(use_of(exchanged(260, 251), std::nullopt).settled);
}

TEST(PoolUse, IdleSinceTheLastDataEitherWay) {
  EXPECT_EQ(idle_of(exchanged(900, 850)), milliseconds(850));
  EXPECT_EQ(idle_of(exchanged(850, 900)), milliseconds(850));
}

}  // namespace
}  // namespace tcptrace::monitor
