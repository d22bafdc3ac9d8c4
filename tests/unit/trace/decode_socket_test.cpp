// SPDX-License-Identifier: GPL-2.0
// The records of a snapshot.
#include <cstring>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "trace/decode.h"
#include "wire.h"

namespace tcptrace::trace {
namespace {

using model::Socket;

tt_socket_record socket_record() {
  tt_socket_record record{};
  record.header.kind = TT_KIND_SOCKET;
  record.header.size = sizeof(record);
  record.header.flags = TT_F_INFO;
  record.header.timestamp_ns = 5'000'000'000;
  record.connection = make_record<tt_common>(TT_KIND_STATE).connection;
  record.inode = 48123;
  record.uid = 1000;
  record.timer = TT_TIMER_RETRANSMIT;
  record.timer_retries = 2;
  record.timer_ms = 204;
  record.info.rtt_us = 1250;
  return record;
}

tt_socket_owner_record owner_record() {
  tt_socket_owner_record record{};
  record.header.kind = TT_KIND_SOCKET_OWNER;
  record.header.size = sizeof(record);
  record.inode = 48123;
  record.owner = make_record<tt_common>(TT_KIND_STATE).owner;
  return record;
}

TEST(DecodeSocket, HasTupleInfoAndTimer) {
  Socket socket;
  ASSERT_TRUE(decode_socket(bytes_of(socket_record()), socket));
  EXPECT_EQ(socket.boot_time, std::chrono::seconds(5));
  EXPECT_EQ(socket.connection.cookie, 8193U);
  EXPECT_EQ(socket.connection.local_port, 8080);
  EXPECT_EQ(socket.connection.state, model::TcpState::kEstablished);
  EXPECT_EQ(socket.source, model::SocketSource::kIter);
  EXPECT_EQ(socket.timer, model::SocketTimer::kRetransmit);
  EXPECT_EQ(socket.timer_retries, 2);
  EXPECT_EQ(socket.timer_ms, 204U);
  EXPECT_EQ(socket.inode, 48123U);
  EXPECT_EQ(socket.uid, 1000U);
  ASSERT_TRUE(socket.info);
  EXPECT_EQ(socket.info->rtt_us, 1250U);
  EXPECT_TRUE(socket.receive_window_known);
  EXPECT_FALSE(socket.owner || socket.orphan || socket.never_accepted || socket.mptcp);
}

TEST(DecodeSocket, NothingIsLeftOfTheOneBefore) {
  Socket socket;
  socket.owner.emplace().pid = 1;
  socket.connection.age = std::chrono::nanoseconds(1);
  socket.info.emplace().rtt_us = 1;
  tt_socket_record record = socket_record();
  record.header.flags = TT_F_SK_ORPHAN;
  ASSERT_TRUE(decode_socket(bytes_of(record), socket));
  EXPECT_FALSE(socket.owner || socket.info || socket.connection.age);
  EXPECT_TRUE(socket.orphan);
  record.header.flags = TT_F_CHILD | TT_F_MPTCP;
  ASSERT_TRUE(decode_socket(bytes_of(record), socket));
  EXPECT_TRUE(socket.never_accepted && socket.mptcp);
  EXPECT_FALSE(socket.orphan);
}

TEST(DecodeSocket, WhatIsNoneIsRefused) {
  const auto refused = [](auto change) {
    tt_socket_record record = socket_record();
    change(record);
    Socket socket;
    return !decode_socket(bytes_of(record), socket);
  };
  EXPECT_FALSE(refused([](auto&) {}));
  EXPECT_TRUE(refused([](auto& r) { r.header.kind = TT_KIND_STATE; }));
  EXPECT_TRUE(refused([](auto& r) { r.header.size = 16; }));
  EXPECT_TRUE(refused([](auto& r) { r.timer = TT_TIMER_MAX + 1; }));
  EXPECT_TRUE(refused([](auto& r) { r.connection.family = 1; }));
  EXPECT_TRUE(refused([](auto& r) { r.connection.state = 13; }));
  Socket socket;
  const tt_socket_record record = socket_record();
  EXPECT_FALSE(decode_socket(bytes_of(record).first(sizeof(record) - 8), socket));
  EXPECT_FALSE(decode_socket({}, socket));
}

TEST(DecodeSocket, IsNoEvent) {
  EXPECT_FALSE(Decoder({}).decode(bytes_of(socket_record())));
  EXPECT_FALSE(Decoder({}).decode(bytes_of(owner_record())));
}

tt_sample_record sample_record() {
  tt_sample_record record{};
  record.header.kind = TT_KIND_SAMPLE;
  record.header.size = sizeof(record);
  record.header.timestamp_ns = 5'000'000'000;
  record.cookie = 8193;
  record.netns = 4026531840;
  record.state = static_cast<std::uint8_t>(model::TcpState::kCloseWait);
  record.ca_state = 3;
  record.retransmits = 4;
  record.rtt_us = 250;
  record.snd_cwnd = 10;
  record.unacked = 6;
  record.total_retrans = 7;
  record.unread_bytes = 8;
  record.unsent_bytes = 9;
  record.family = AF_INET;
  record.role = TT_ROLE_SERVER;
  record.local_port = 80;
  record.peer_port = 40000;
  record.local_addr[0] = 10;
  record.peer_addr[3] = 11;
  return record;
}

TEST(DecodeSample, HasEveryField) {
  const tt_sample_record record = sample_record();
  const auto polled = decode_sample(bytes_of(record));
  ASSERT_TRUE(polled);
  EXPECT_EQ(polled->id, (model::ConnectionId{.cookie = 8193, .netns = 4026531840}));
  EXPECT_FALSE(polled->quiet);
  EXPECT_EQ(polled->sample, (model::Sample{.boot_time = std::chrono::seconds(5),
                                           .state = model::TcpState::kCloseWait,
                                           .ca_state = 3,
                                           .retransmits = 4,
                                           .rtt_us = 250,
                                           .snd_cwnd = 10,
                                           .unacked = 6,
                                           .total_retrans = 7,
                                           .unread_bytes = 8,
                                           .unsent_bytes = 9}));
  EXPECT_EQ(polled->tuple, (model::Tuple{.local = {.bytes = {10}},
                                         .peer = {.bytes = {0, 0, 0, 11}},
                                         .local_port = 80,
                                         .peer_port = 40000,
                                         .family = model::Family::kIpv4,
                                         .role = model::Role::kServer}));
}

TEST(DecodeSample, OfAQuietOneThereIsNoMoreThanThatItIsThere) {
  tt_sample_record record = sample_record();
  record.header.flags = TT_F_QUIET;
  record.family = 0;
  const auto polled = decode_sample(bytes_of(record));
  ASSERT_TRUE(polled);
  EXPECT_TRUE(polled->quiet);
  EXPECT_EQ(polled->id, (model::ConnectionId{.cookie = 8193, .netns = 4026531840}));
}

TEST(DecodeSample, IsKnownByItsKindAndRefusedWhereItIsNone) {
  tt_sample_record record = sample_record();
  EXPECT_TRUE(is_sample(bytes_of(record)));
  EXPECT_TRUE(is_sample(bytes_of(record).first(20)));
  EXPECT_FALSE(is_sample(bytes_of(record).first(8)));
  EXPECT_FALSE(decode_sample(bytes_of(record).first(48)));
  EXPECT_FALSE(Decoder({}).decode(bytes_of(record)));
  record.state = 13;
  EXPECT_FALSE(decode_sample(bytes_of(record)));
  record = sample_record();
  record.family = 1;
  EXPECT_FALSE(decode_sample(bytes_of(record)));
  record = sample_record();
  record.role = TT_ROLE_LISTENER + 1;
  EXPECT_FALSE(decode_sample(bytes_of(record)));
  record = sample_record();
  record.header.size = 16;
  EXPECT_FALSE(decode_sample(bytes_of(record)));
  record = sample_record();
  record.header.kind = TT_KIND_ACCEPT;
  EXPECT_FALSE(is_sample(bytes_of(record)));
  EXPECT_FALSE(decode_sample(bytes_of(record)));
}

TEST(DecodeSocketOwner, HasInodeAndProcess) {
  const auto owner = decode_socket_owner(bytes_of(owner_record()));
  ASSERT_TRUE(owner);
  EXPECT_EQ(owner->inode, 48123U);
  EXPECT_EQ(owner->process.pid, 812U);
  EXPECT_EQ(owner->process.comm_view(), "api");
}

TEST(DecodeSocketOwner, WhatIsNoneIsRefused) {
  tt_socket_owner_record record = owner_record();
  record.owner.source = TT_OWNER_SOURCE_MAX + 1;
  EXPECT_FALSE(decode_socket_owner(bytes_of(record)));
  record = owner_record();
  record.header.kind = TT_KIND_SOCKET;
  EXPECT_FALSE(decode_socket_owner(bytes_of(record)));
  record = owner_record();
  EXPECT_FALSE(decode_socket_owner(bytes_of(record).first(8)));
}

// Whatever the bytes say, decoding neither crashes nor reads outside them.
TEST(DecodeSocket, RandomBytesDoNoHarm) {
  std::mt19937 random(20'261'121);
  std::uniform_int_distribution<int> any_byte(0, 255);
  const tt_socket_record record = socket_record();
  Socket socket;
  for (int round = 0; round < 20'000; ++round) {
    std::vector<std::byte> bytes(bytes_of(record).begin(), bytes_of(record).end());
    for (int change = 0; change < 8; ++change) {
      bytes[random() % bytes.size()] = static_cast<std::byte>(any_byte(random));
    }
    if (round % 2 == 0) {
      bytes.resize(random() % bytes.size());
    }
    if (decode_socket(bytes, socket)) {
      EXPECT_LE(static_cast<int>(socket.connection.state), 12);
    }
    (void)decode_socket_owner(bytes);
  }
}

}  // namespace
}  // namespace tcptrace::trace
