// SPDX-License-Identifier: GPL-2.0
#include "trace/decode.h"

#include <array>
#include <cerrno>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "wire.h"

namespace tcptrace::trace {
namespace {

using model::Event;
using model::EventKind;

const std::array<std::string, 3> reasons = {"NOT_SPECIFIED", "NO_SOCKET", "TCP_ABORT_ON_CLOSE"};

std::optional<Event> decode(std::span<const std::byte> bytes) {
  return Decoder(reasons).decode(bytes);
}

TEST(Decode, StateChangeHasBothStatesTupleAndOwner) {
  auto record = make_record<tt_common>(TT_KIND_STATE);
  record.connection.old_state = 2;
  const auto event = decode(bytes_of(record));
  ASSERT_TRUE(event);
  EXPECT_EQ(event->kind, EventKind::kState);
  EXPECT_EQ(event->boot_time, std::chrono::seconds(5));
  EXPECT_EQ(event->connection.state, model::TcpState::kEstablished);
  EXPECT_EQ(event->connection.old_state, model::TcpState::kSynSent);
  EXPECT_EQ(event->connection.cookie, 8193U);
  EXPECT_EQ(event->connection.local_port, 8080);
  EXPECT_EQ(event->connection.peer_port, 41822);
  EXPECT_EQ(event->connection.peer.bytes[3], 9);
  ASSERT_TRUE(event->owner);
  EXPECT_EQ(event->owner->pid, 812U);
  EXPECT_EQ(event->owner->comm_view(), "api");
  EXPECT_EQ(event->owner->source, model::OwnerSource::kAccept);
  EXPECT_FALSE(event->info);
}

TEST(Decode, OwnerIsAbsentWithoutItsFlag) {
  auto record = make_record<tt_common>(TT_KIND_ACCEPT);
  record.header.flags = 0;
  const auto event = decode(bytes_of(record));
  ASSERT_TRUE(event);
  EXPECT_EQ(event->kind, EventKind::kAccept);
  EXPECT_FALSE(event->owner);
}

TEST(Decode, AgeOfASeededConnectionIsALowerBound) {
  auto record = make_record<tt_common>(TT_KIND_ACCEPT);
  EXPECT_FALSE(decode(bytes_of(record))->connection.age);
  record.connection.age_ns = 7;
  EXPECT_EQ(decode(bytes_of(record))->connection.age, std::chrono::nanoseconds(7));
  EXPECT_FALSE(decode(bytes_of(record))->connection.age_is_lower_bound);
  record.header.flags |= TT_F_SEEDED;
  EXPECT_TRUE(decode(bytes_of(record))->connection.age_is_lower_bound);
}

TEST(Decode, MappedAddressIsIpv4) {
  auto record = make_record<tt_common>(TT_KIND_STATE);
  record.header.flags |= TT_F_V4MAPPED;
  const auto event = decode(bytes_of(record));
  ASSERT_TRUE(event);
  EXPECT_EQ(event->connection.family, model::Family::kIpv4);
  EXPECT_TRUE(event->connection.v4_mapped);
}

TEST(Decode, FailedConnectHasErrnoAndIcmp) {
  auto record = make_record<tt_end_record>(TT_KIND_CONNECT);
  record.common.header.flags |= TT_F_INFO;
  record.err = ECONNREFUSED;
  record.icmp_seen = 1;
  record.icmp_type = 3;
  record.icmp_code = 3;
  record.info.retransmits = 2;
  const auto event = decode(bytes_of(record));
  ASSERT_TRUE(event);
  EXPECT_EQ(event->kind, EventKind::kConnect);
  EXPECT_EQ(event->err, static_cast<std::uint32_t>(ECONNREFUSED));
  EXPECT_TRUE(event->icmp_seen);
  EXPECT_EQ(event->icmp_type, 3);
  ASSERT_TRUE(event->info);
  EXPECT_EQ(event->info->retransmits, 2);
}

TEST(Decode, CloseKnowsOfItsReset) {
  auto record = make_record<tt_end_record>(TT_KIND_CLOSE);
  record.common.header.flags |= TT_F_RST_RECEIVED | TT_F_SK_ORPHAN;
  const auto event = decode(bytes_of(record));
  ASSERT_TRUE(event);
  EXPECT_TRUE(event->reset_received);
  EXPECT_FALSE(event->reset_sent);
  EXPECT_TRUE(event->orphan);
}

TEST(Decode, RetransmissionHasKindSegmentsAndError) {
  auto record = make_record<tt_retransmit_record>(TT_KIND_RETRANSMIT);
  record.type = TT_RETRANSMIT_TLP;
  record.segs = 3;
  record.seq = 4'294'967'295;
  record.length_bytes = 4344;
  record.err = -EBUSY;
  const auto event = decode(bytes_of(record));
  ASSERT_TRUE(event);
  EXPECT_EQ(event->kind, EventKind::kRetransmit);
  EXPECT_EQ(event->retransmit_type, model::RetransmitType::kTlp);
  EXPECT_EQ(event->segs, 3U);
  EXPECT_EQ(event->seq, 4'294'967'295U);
  EXPECT_EQ(event->err, static_cast<std::uint32_t>(EBUSY));
}

TEST(Decode, SynAckRetransmissionIsARetransmission) {
  auto record = make_record<tt_retransmit_record>(TT_KIND_SYNACK_RETRANSMIT);
  record.type = TT_RETRANSMIT_SYNACK;
  record.attempt = 4;
  const auto event = decode(bytes_of(record));
  ASSERT_TRUE(event);
  EXPECT_EQ(event->kind, EventKind::kRetransmit);
  EXPECT_EQ(event->retransmit_type, model::RetransmitType::kSynAck);
  EXPECT_EQ(event->attempt, 4);
}

TEST(Decode, LargestNegativeErrorDoesNotOverflow) {
  auto record = make_record<tt_retransmit_record>(TT_KIND_RETRANSMIT);
  record.err = INT32_MIN;
  EXPECT_EQ(decode(bytes_of(record))->err, 2'147'483'648U);
}

TEST(Decode, ResetReasonIsNamedByTheRunningKernelsEnumeration) {
  auto record = make_record<tt_reset_record>(TT_KIND_RESET_SENT);
  record.reason = 2;
  record.origin = TT_RESET_ORIGIN_ACTIVE;
  record.sk_state = 7;
  const auto event = decode(bytes_of(record));
  ASSERT_TRUE(event);
  EXPECT_EQ(event->kind, EventKind::kResetSent);
  EXPECT_EQ(event->kernel_reason, "TCP_ABORT_ON_CLOSE");
  EXPECT_EQ(event->origin, model::ResetOrigin::kActive);
  EXPECT_EQ(event->socket_state, model::TcpState::kClose);
}

TEST(Decode, ReasonThatTheEnumerationLacksIsAbsent) {
  auto record = make_record<tt_reset_record>(TT_KIND_RESET_SENT);
  for (const __s32 reason : {-1, 3, 1'000'000}) {
    record.reason = reason;
    const auto event = decode(bytes_of(record));
    ASSERT_TRUE(event);
    EXPECT_TRUE(event->kernel_reason.empty()) << reason;
  }
}

TEST(Decode, TaskOfAResetIsThereOnlyUnderTheSocketLock) {
  auto record = make_record<tt_reset_record>(TT_KIND_RESET_SENT);
  record.by.pid = 77;
  EXPECT_FALSE(decode(bytes_of(record))->by);
  record.common.header.flags |= TT_F_LOCKED | TT_F_EXITING;
  const auto event = decode(bytes_of(record));
  ASSERT_TRUE(event->by);
  EXPECT_EQ(event->by->pid, 77U);
  EXPECT_TRUE(event->by_exiting);
}

TEST(Decode, CommWithoutTerminatorIsCut) {
  auto record = make_record<tt_common>(TT_KIND_STATE);
  std::memset(record.owner.comm, 'x', TT_COMM_LEN);
  EXPECT_EQ(decode(bytes_of(record))->owner->comm_view(), std::string(TT_COMM_LEN - 1, 'x'));
}

TEST(Decode, TruncatedRecordIsRefusedAtEveryLength) {
  const auto record = make_record<tt_reset_record>(TT_KIND_RESET_SENT);
  const auto bytes = bytes_of(record);
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    // A copy of its own, so that a read past the end is caught by AddressSanitizer.
    const std::vector<std::byte> cut(bytes.begin(),
                                     bytes.begin() + static_cast<std::ptrdiff_t>(length));
    EXPECT_FALSE(decode(cut)) << length;
  }
}

TEST(Decode, RecordOfAnotherSizeThanItsKindIsRefused) {
  auto record = make_record<tt_end_record>(TT_KIND_STATE);
  EXPECT_FALSE(decode(bytes_of(record)));
  auto lying = make_record<tt_common>(TT_KIND_STATE);
  lying.header.size = 16;
  EXPECT_FALSE(decode(bytes_of(lying)));
}

template <typename Record, typename Change>
bool refused(tt_kind kind, Change change) {
  auto record = make_record<Record>(kind);
  change(record);
  return !decode(bytes_of(record));
}

TEST(Decode, ValuesOutsideTheirEnumerationAreRefused) {
  EXPECT_TRUE(refused<tt_common>(TT_KIND_STATE, [](auto& r) { r.header.kind = 0; }));
  EXPECT_TRUE(refused<tt_common>(TT_KIND_STATE, [](auto& r) { r.header.kind = TT_KIND_MAX + 1; }));
  EXPECT_TRUE(refused<tt_common>(TT_KIND_STATE, [](auto& r) { r.connection.family = 1; }));
  EXPECT_TRUE(refused<tt_common>(TT_KIND_STATE, [](auto& r) { r.connection.state = 13; }));
  EXPECT_TRUE(refused<tt_common>(TT_KIND_STATE, [](auto& r) { r.connection.old_state = 200; }));
  EXPECT_TRUE(refused<tt_common>(TT_KIND_STATE, [](auto& r) { r.connection.role = 4; }));
  EXPECT_TRUE(refused<tt_common>(TT_KIND_STATE, [](auto& r) { r.owner.source = 99; }));
  EXPECT_TRUE(refused<tt_reset_record>(TT_KIND_RESET_SENT, [](auto& r) { r.origin = 9; }));
  EXPECT_TRUE(refused<tt_reset_record>(TT_KIND_RESET_SENT, [](auto& r) { r.sk_state = 99; }));
  EXPECT_TRUE(refused<tt_retransmit_record>(TT_KIND_RETRANSMIT, [](auto& r) { r.type = 99; }));
}

// Whatever the bytes say, decoding neither crashes nor reads outside them.
TEST(Decode, RandomBytesDoNoHarm) {
  std::mt19937 random(20'261'121);
  std::uniform_int_distribution<int> any_byte(0, 255);
  const auto record = make_record<tt_reset_record>(TT_KIND_RESET_RECEIVED);
  for (int round = 0; round < 20'000; ++round) {
    std::vector<std::byte> bytes(bytes_of(record).begin(), bytes_of(record).end());
    bytes[0] = static_cast<std::byte>(any_byte(random) % (TT_KIND_MAX + 2));
    for (int change = 0; change < 8; ++change) {
      bytes[random() % bytes.size()] = static_cast<std::byte>(any_byte(random));
    }
    if (round % 2 == 0) {
      bytes.resize(random() % bytes.size());
    }
    if (const auto event = decode(bytes)) {
      EXPECT_LE(static_cast<int>(event->connection.state), 12);
    }
  }
}

}  // namespace
}  // namespace tcptrace::trace
