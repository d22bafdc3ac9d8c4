// SPDX-License-Identifier: GPL-2.0
#include "trace/connection_table.h"

#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tcptrace::trace {
namespace {

using model::ConnectionId;
using model::Sample;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

constexpr std::uint32_t kHost = 4026531840;
constexpr std::uint32_t kPod = 4026532000;
constexpr std::size_t kPlenty = 1U << 20;

constexpr ConnectionId id(std::uint64_t cookie, std::uint32_t netns = kHost) {
  return {.cookie = cookie, .netns = netns};
}

Sample at(std::chrono::nanoseconds time, std::uint32_t rtt_us = 100) {
  return {.boot_time = time, .state = model::TcpState::kEstablished, .rtt_us = rtt_us};
}

model::Address address(std::uint8_t last) { return {.bytes = {10, 0, 0, last}}; }

constexpr std::uint8_t kClient = 1;
constexpr std::uint8_t kVirtual = 2;
constexpr std::uint8_t kBackend = 3;
constexpr std::uint16_t kClientPort = 40000;

model::Connection stranger(std::uint8_t local, std::uint16_t local_port, std::uint8_t peer,
                           std::uint16_t peer_port) {
  model::Connection connection;
  connection.netns = kHost;
  connection.local = address(local);
  connection.local_port = local_port;
  connection.peer = address(peer);
  connection.peer_port = peer_port;
  return connection;
}

// Of a client that connected to the virtual address, at the backend to which it was translated.
model::Tuple at_backend() {
  return {.local = address(kBackend),
          .peer = address(kClient),
          .local_port = 8080,
          .peer_port = kClientPort,
          .role = model::Role::kServer};
}

model::Tuple at_client() {
  return {.local = address(kClient),
          .peer = address(kVirtual),
          .local_port = kClientPort,
          .peer_port = 80,
          .role = model::Role::kClient};
}

std::vector<std::uint32_t> rtts(const ConnectionTable& table, const ConnectionId& which) {
  std::vector<std::uint32_t> rtts;
  for (const Sample& sample : table.history(which)) {
    rtts.push_back(sample.rtt_us);
  }
  return rtts;
}

TEST(ConnectionTableTest, KeepsEveryFieldOfASample) {
  const Sample sample = {.boot_time = hours(5) + milliseconds(7),
                         .state = model::TcpState::kClosing,
                         .ca_state = 4,
                         .retransmits = 255,
                         .rtt_us = 0xfffffffe,
                         .snd_cwnd = (1U << 22) - 1,
                         .unacked = (1U << 22) - 2,
                         .total_retrans = 0xfffffffd,
                         .unread_bytes = 0xfffffffc,
                         .unsent_bytes = 0xfffffffb};
  ConnectionTable table(30, kPlenty);
  table.apply(id(1), {}, sample);
  EXPECT_THAT(table.history(id(1)), ElementsAre(sample));
}

TEST(ConnectionTableTest, AWindowThatDoesNotFitIsTheLargestThatDoes) {
  ConnectionTable table(30, kPlenty);
  Sample huge = at(seconds(1));
  huge.snd_cwnd = 0x7fffffff;
  huge.unacked = 1U << 22;
  table.apply(id(1), {}, huge);
  EXPECT_EQ(table.history(id(1))[0].snd_cwnd, (1U << 22) - 1);
  EXPECT_EQ(table.history(id(1))[0].unacked, (1U << 22) - 1);
}

TEST(ConnectionTableTest, KeepsTheLastSamplesOldestFirst) {
  ConnectionTable table(5, kPlenty);
  for (std::uint32_t second = 1; second <= 13; ++second) {
    table.apply(id(1), {}, at(seconds(second), second));
    ASSERT_EQ(rtts(table, id(1)).back(), second);
    ASSERT_EQ(rtts(table, id(1)).size(), std::min(second, 5U));
  }
  EXPECT_THAT(rtts(table, id(1)), ElementsAre(9, 10, 11, 12, 13));
}

TEST(ConnectionTableTest, TheTimeOfASampleSurvivesTheWrapOfItsMilliseconds) {
  ConnectionTable table(30, kPlenty);
  const milliseconds wrap((std::uint64_t{1} << 32) * 3);
  table.apply(id(1), {}, at(wrap - seconds(1)));
  table.apply(id(1), {}, at(wrap + seconds(1)));
  EXPECT_EQ(table.history(id(1))[0].boot_time, wrap - seconds(1));
  EXPECT_EQ(table.history(id(1))[1].boot_time, wrap + seconds(1));
}

TEST(ConnectionTableTest, ACookieInAnotherNamespaceIsAnotherConnection) {
  ConnectionTable table(30, kPlenty);
  table.apply(id(1, kHost), {}, at(seconds(1), 10));
  table.apply(id(1, kPod), {}, at(seconds(1), 20));
  EXPECT_THAT(rtts(table, id(1, kHost)), ElementsAre(10));
  EXPECT_THAT(rtts(table, id(1, kPod)), ElementsAre(20));
  EXPECT_THAT(table.history(id(2)), IsEmpty());
}

TEST(ConnectionTableTest, WhatTwoPollsDoNotSeeHasEnded) {
  ConnectionTable table(30, kPlenty);
  table.apply(id(1), {}, at(seconds(1)));
  table.apply(id(2), {}, at(seconds(1)));
  table.apply(id(3), {}, at(seconds(1)));
  EXPECT_THAT(table.end_poll(), IsEmpty());
  for (int poll = 0; poll < 2; ++poll) {
    EXPECT_THAT(table.history(id(3)), SizeIs(1));
    table.apply(id(1), {}, at(seconds(2)));
    table.touch(id(2));
    const std::vector<ConnectionId> ended = table.end_poll();
    EXPECT_EQ(ended, poll == 0 ? std::vector<ConnectionId>() : std::vector{id(3)});
  }
  EXPECT_THAT(table.history(id(1)), SizeIs(3));
  EXPECT_THAT(table.history(id(2)), SizeIs(1));
  EXPECT_THAT(table.history(id(3)), IsEmpty());
  EXPECT_EQ(table.evictions(), 0);
}

TEST(ConnectionTableTest, TouchingWhatIsNotKnownKeepsNothing) {
  ConnectionTable table(30, kPlenty);
  table.touch(id(1));
  EXPECT_EQ(table.connections(), 0);
  EXPECT_EQ(table.bytes(), 0);
}

TEST(ConnectionTableTest, ForgetsOnRequest) {
  ConnectionTable table(30, kPlenty);
  table.apply(id(1), {}, at(seconds(1)));
  table.apply(id(2), {}, at(seconds(1)));
  table.forget(id(1));
  table.forget(id(1));
  EXPECT_THAT(table.history(id(1)), IsEmpty());
  EXPECT_THAT(table.history(id(2)), SizeIs(1));
}

TEST(ConnectionTableTest, WhatHasBeenIdleLongestLeavesFirst) {
  ConnectionTable table(2, 3 * ConnectionTable::cost_bytes(2));
  table.apply(id(1), {}, at(seconds(1)));
  table.apply(id(2), {}, at(seconds(2)));
  table.apply(id(3), {}, at(seconds(3)));
  table.apply(id(1), {}, at(seconds(4)));
  EXPECT_EQ(table.evictions(), 0);
  table.apply(id(4), {}, at(seconds(5)));
  EXPECT_EQ(table.evictions(), 1);
  EXPECT_THAT(table.history(id(2)), IsEmpty());
  table.apply(id(5), {}, at(seconds(6)));
  EXPECT_EQ(table.evictions(), 2);
  EXPECT_THAT(table.history(id(3)), IsEmpty());
  EXPECT_THAT(table.history(id(1)), SizeIs(2));
  EXPECT_EQ(table.connections(), 3);
  EXPECT_EQ(table.bytes(), 3 * ConnectionTable::cost_bytes(2));
}

TEST(ConnectionTableTest, ABoundThatHoldsNothingKeepsNothingAndCounts) {
  ConnectionTable table(30, 10);
  table.apply(id(1), {}, at(seconds(1)));
  table.apply(id(2), {}, at(seconds(2)));
  EXPECT_EQ(table.connections(), 0);
  EXPECT_EQ(table.bytes(), 0);
  EXPECT_EQ(table.evictions(), 2);
}

TEST(ConnectionTableTest, WithoutDepthNothingIsKept) {
  ConnectionTable table(0, kPlenty);
  table.apply(id(1), {}, at(seconds(1)));
  EXPECT_EQ(table.connections(), 0);
  EXPECT_EQ(table.evictions(), 0);
}

TEST(ConnectionTableTest, ThirtySamplesAreLessThanAKibibyteAndAnIdleConnectionMuchLess) {
  EXPECT_LE(ConnectionTable::cost_bytes(30), 1024);
  EXPECT_LE(ConnectionTable::cost_bytes(2), 256);
}

TEST(ConnectionTableTest, TheBytesAreThoseOfWhatIsThere) {
  ConnectionTable table(30, kPlenty);
  for (std::uint32_t second = 0; second < 3; ++second) {
    table.apply(id(1), {}, at(seconds(second)));
  }
  table.apply(id(2), {}, at(seconds(3)));
  EXPECT_EQ(table.bytes(), ConnectionTable::cost_bytes(4) + ConnectionTable::cost_bytes(2));
  table.forget(id(1));
  EXPECT_EQ(table.bytes(), ConnectionTable::cost_bytes(2));
  table.end_poll();
  table.end_poll();
  EXPECT_THAT(table.end_poll(), ElementsAre(id(2)));
  EXPECT_EQ(table.bytes(), 0);
}

TEST(ConnectionTableTest, ARequestThatWasNotTranslatedIsForTheBackendsConnection) {
  ConnectionTable table(30, kPlenty);
  table.apply(id(1, kPod), at_backend(), at(seconds(1)));
  table.apply(id(2), at_client(), at(seconds(1)));
  EXPECT_EQ(table.translated(stranger(kVirtual, 80, kClient, kClientPort)), at_backend());
  EXPECT_EQ(table.translated(stranger(kVirtual, 80, kClient, kClientPort + 1)), std::nullopt);
  EXPECT_EQ(table.translated(stranger(kBackend, 8081, kClient, kClientPort)), std::nullopt)
      << "a client may use its port for two services of one host";
}

TEST(ConnectionTableTest, AnAnswerThatWasNotTranslatedBackIsForTheClientsConnection) {
  ConnectionTable table(30, kPlenty);
  table.apply(id(1), at_client(), at(seconds(1)));
  EXPECT_EQ(table.translated(stranger(kClient, kClientPort, kBackend, 8080)), at_client());
  EXPECT_EQ(table.translated(stranger(kClient, kClientPort + 1, kBackend, 8080)), std::nullopt);
  model::Connection elsewhere = stranger(kClient, kClientPort, kBackend, 8080);
  elsewhere.netns = kPod;
  EXPECT_EQ(table.translated(elsewhere), std::nullopt);
}

TEST(ConnectionTableTest, AnAnswerToAMasqueradedAddressIsForTheConnectionBehindIt) {
  ConnectionTable table(30, kPlenty);
  table.apply(id(1, kPod), at_client(), at(seconds(1)));
  EXPECT_EQ(table.translated(stranger(kBackend, kClientPort, kVirtual, 80)), at_client());
  EXPECT_EQ(table.translated(stranger(kBackend, kClientPort + 1, kVirtual, 80)), std::nullopt);
}

TEST(ConnectionTableTest, TheOtherConnectionsOfAServiceTellNothing) {
  ConnectionTable table(30, kPlenty);
  // One that goes on, of the backend for which a segment of another client comes.
  table.apply(id(1), at_backend(), at(seconds(1)));
  EXPECT_EQ(table.translated(stranger(kBackend, 8080, kClient, kClientPort + 1)), std::nullopt);
  EXPECT_EQ(table.translated(stranger(kBackend, 8080, kVirtual, kClientPort)), std::nullopt);
  // The very connection: nothing was translated.
  EXPECT_EQ(table.translated(stranger(kBackend, 8080, kClient, kClientPort)), std::nullopt);
}

TEST(ConnectionTableTest, OnlyWhatIsThereIsFound) {
  ConnectionTable table(30, kPlenty);
  const model::Connection lost = stranger(kVirtual, 80, kClient, kClientPort);
  EXPECT_EQ(table.translated(lost), std::nullopt);
  table.apply(id(1), at_backend(), at(seconds(1)));
  EXPECT_EQ(table.translated(lost), at_backend());
  table.forget(id(1));
  EXPECT_EQ(table.translated(lost), std::nullopt);
}

}  // namespace
}  // namespace tcptrace::trace
