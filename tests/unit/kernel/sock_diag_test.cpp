// SPDX-License-Identifier: GPL-2.0
// Netlink's answers: whole, short, and garbled.
#include "kernel/sock_diag.h"

#include <arpa/inet.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/tcp.h>
#include <sys/socket.h>

#include <cstring>
#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace tcptrace::kernel {
namespace {

using model::Socket;
using model::TcpState;
using Bytes = std::vector<std::byte>;

constexpr std::uint32_t kSequence = 7;
constexpr std::uint32_t kNetns = 4026531840;
constexpr std::chrono::seconds kNow{5};

template <typename T>
void append(Bytes& bytes, const T& value) {
  const auto* begin = reinterpret_cast<const std::byte*>(&value);
  bytes.insert(bytes.end(), begin, begin + sizeof(value));
}

void pad(Bytes& bytes) { bytes.resize((bytes.size() + 3) & ~std::size_t{3}); }

Bytes message(std::uint16_t type, const Bytes& payload, std::uint16_t flags = NLM_F_MULTI) {
  Bytes bytes;
  append(bytes, nlmsghdr{.nlmsg_len = static_cast<__u32>(sizeof(nlmsghdr) + payload.size()),
                         .nlmsg_type = type,
                         .nlmsg_flags = flags,
                         .nlmsg_seq = kSequence,
                         .nlmsg_pid = 0});
  bytes.insert(bytes.end(), payload.begin(), payload.end());
  pad(bytes);
  return bytes;
}

void append_attribute(Bytes& bytes, std::uint16_t type, const Bytes& value) {
  append(bytes, rtattr{.rta_len = static_cast<unsigned short>(sizeof(rtattr) + value.size()),
                       .rta_type = type});
  bytes.insert(bytes.end(), value.begin(), value.end());
  pad(bytes);
}

// 10.0.0.5:8080, peer 10.0.0.9:41822.
inet_diag_msg established() {
  inet_diag_msg wire{};
  wire.idiag_family = AF_INET;
  wire.idiag_state = 1;
  wire.idiag_timer = 1;
  wire.idiag_retrans = 2;
  wire.idiag_expires = 204;
  wire.idiag_rqueue = 900;
  wire.idiag_wqueue = 1448;
  wire.idiag_uid = 1000;
  wire.idiag_inode = 48123;
  wire.id.idiag_sport = htons(8080);
  wire.id.idiag_dport = htons(41822);
  wire.id.idiag_src[0] = htonl(0x0a000005);
  wire.id.idiag_dst[0] = htonl(0x0a000009);
  wire.id.idiag_cookie[0] = 8193;
  wire.id.idiag_cookie[1] = 1;
  return wire;
}

// A struct tcp_info of `size` bytes, of which those that are behind what the headers know are 0x11.
Bytes info_of(std::size_t size = sizeof(tcp_info)) {
  tcp_info info{};
  info.tcpi_rtt = 1250;
  info.tcpi_snd_cwnd = 10;
  info.tcpi_min_rtt = ~0U;
  info.tcpi_snd_wnd = 64256;
  Bytes bytes;
  append(bytes, info);
  bytes.resize(size, std::byte{0x11});
  return bytes;
}

Bytes socket_message(const inet_diag_msg& wire, const Bytes& info = info_of()) {
  Bytes payload;
  append(payload, wire);
  append_attribute(payload, INET_DIAG_SHUTDOWN, {std::byte{2}});
  if (!info.empty()) {
    append_attribute(payload, INET_DIAG_INFO, info);
  }
  return message(TCPDIAG_GETSOCK, payload);
}

struct Parsed {
  DiagResult result;
  std::vector<Socket> sockets;
};

Parsed parse(const Bytes& bytes) {
  Parsed parsed;
  parsed.result = parse_sock_diag(bytes, kSequence, kNetns, kNow,
                                  [&](Socket& socket) { parsed.sockets.push_back(socket); });
  return parsed;
}

Socket only(const Bytes& bytes) {
  const Parsed parsed = parse(bytes);
  EXPECT_EQ(parsed.result.malformed, 0U);
  EXPECT_EQ(parsed.sockets.size(), 1U);
  return parsed.sockets.empty() ? Socket{} : parsed.sockets.front();
}

TEST(SockDiag, ASocketWithItsInfo) {
  const Socket socket = only(socket_message(established()));
  EXPECT_EQ(socket.boot_time, kNow);
  EXPECT_EQ(socket.connection.netns, kNetns);
  EXPECT_EQ(socket.connection.family, model::Family::kIpv4);
  EXPECT_EQ(socket.connection.local.bytes[3], 5);
  EXPECT_EQ(socket.connection.peer.bytes[3], 9);
  EXPECT_EQ(socket.connection.local_port, 8080);
  EXPECT_EQ(socket.connection.peer_port, 41822);
  EXPECT_EQ(socket.connection.cookie, (1ULL << 32U) + 8193);
  EXPECT_EQ(socket.connection.state, TcpState::kEstablished);
  EXPECT_EQ(socket.source, model::SocketSource::kNetlink);
  EXPECT_EQ(socket.timer, model::SocketTimer::kRetransmit);
  EXPECT_EQ(socket.timer_ms, 204U);
  EXPECT_EQ(socket.timer_retries, 2);
  EXPECT_EQ(socket.inode, 48123U);
  EXPECT_EQ(socket.uid, 1000U);
  ASSERT_TRUE(socket.info);
  EXPECT_EQ(socket.info->rtt_us, 1250U);
  EXPECT_EQ(socket.info->min_rtt_us, 0U) << "not known";
  EXPECT_EQ(socket.info->snd_wnd, 64256U);
  EXPECT_EQ(socket.info->unread_bytes, 900U);
  EXPECT_EQ(socket.info->unacked_bytes, 1448U);
  EXPECT_EQ(socket.info->shutdown, 2);
  EXPECT_EQ(socket.info->lingertime_ms, -1);
}

TEST(SockDiag, TheReceiveWindowIsKnownWhereTheKernelTellsIt) {
  constexpr std::size_t kUpTo = offsetof(tcp_info, tcpi_snd_wnd) + 4;
  EXPECT_FALSE(only(socket_message(established(), info_of(kUpTo))).receive_window_known);
  const Socket socket = only(socket_message(established(), info_of(kUpTo + 4)));
  EXPECT_TRUE(socket.receive_window_known);
  if (sizeof(tcp_info) == kUpTo) {
    EXPECT_EQ(socket.info->rcv_wnd, 0x11111111U);
  }
}

TEST(SockDiag, AShortInfoFillsWhatItReaches) {
  const Socket socket =
      only(socket_message(established(), info_of(offsetof(tcp_info, tcpi_rtt) + 4)));
  ASSERT_TRUE(socket.info);
  EXPECT_EQ(socket.info->rtt_us, 1250U);
  EXPECT_EQ(socket.info->snd_cwnd, 0U);
}

TEST(SockDiag, AListenersQueuesAreItsBacklog) {
  inet_diag_msg wire = established();
  wire.idiag_state = 10;
  wire.idiag_rqueue = 3;
  wire.idiag_wqueue = 128;
  const Socket socket = only(socket_message(wire));
  EXPECT_EQ(socket.connection.role, model::Role::kListener);
  EXPECT_EQ(socket.info->backlog, 3U);
  EXPECT_EQ(socket.info->backlog_limit, 128U);
  EXPECT_EQ(socket.info->unread_bytes, 0U);
}

TEST(SockDiag, AListenerHasItsQueuesWithoutAnInfo) {
  inet_diag_msg wire = established();
  wire.idiag_state = 10;
  wire.idiag_rqueue = 3;
  wire.idiag_wqueue = 128;
  const Socket socket = only(socket_message(wire, {}));
  ASSERT_TRUE(socket.info);
  EXPECT_EQ(socket.info->backlog, 3U);
  EXPECT_EQ(socket.info->backlog_limit, 128U);
}

TEST(SockDiag, AFinIsNotUnread) {
  inet_diag_msg wire = established();
  wire.idiag_state = 8;
  wire.idiag_rqueue = 901;
  EXPECT_EQ(only(socket_message(wire)).info->unread_bytes, 900U);
  wire.idiag_rqueue = 0;
  EXPECT_EQ(only(socket_message(wire)).info->unread_bytes, 0U);
}

TEST(SockDiag, RequestsAndTimeWaitHaveNoInfo) {
  inet_diag_msg wire = established();
  wire.idiag_state = 3;
  const Socket request = only(socket_message(wire, {}));
  EXPECT_FALSE(request.info);
  EXPECT_EQ(request.connection.role, model::Role::kServer);
  wire.idiag_state = 6;
  wire.idiag_timer = 3;
  const Socket left = only(socket_message(wire, {}));
  EXPECT_EQ(left.connection.state, TcpState::kTimeWait);
  EXPECT_EQ(left.timer, model::SocketTimer::kTimeWait);
}

TEST(SockDiag, MappedAddressesAreIpv4) {
  inet_diag_msg wire = established();
  wire.idiag_family = AF_INET6;
  for (auto* address : {wire.id.idiag_src, wire.id.idiag_dst}) {
    address[3] = address[0];
    address[0] = 0;
    address[2] = htonl(0xffff);
  }
  const Socket mapped = only(socket_message(wire));
  EXPECT_TRUE(mapped.connection.v4_mapped);
  EXPECT_EQ(mapped.connection.family, model::Family::kIpv4);
  EXPECT_EQ(mapped.connection.peer.bytes[3], 9);
  EXPECT_EQ(mapped.connection.peer.bytes[15], 0);
  std::memset(wire.id.idiag_src, 0, sizeof(wire.id.idiag_src));
  EXPECT_TRUE(only(socket_message(wire)).connection.v4_mapped) << "not bound";
  wire.id.idiag_src[0] = htonl(0x20010db8);
  const Socket ipv6 = only(socket_message(wire));
  EXPECT_FALSE(ipv6.connection.v4_mapped);
  EXPECT_EQ(ipv6.connection.family, model::Family::kIpv6);
  EXPECT_EQ(ipv6.connection.local.bytes[0], 0x20);
}

TEST(SockDiag, SeveralMessagesAndTheEnd) {
  Bytes bytes = socket_message(established());
  const Bytes second = socket_message(established());
  bytes.insert(bytes.end(), second.begin(), second.end());
  Parsed parsed = parse(bytes);
  EXPECT_EQ(parsed.sockets.size(), 2U);
  EXPECT_FALSE(parsed.result.done);
  Bytes zero;
  append(zero, int{0});
  const Bytes done = message(NLMSG_DONE, zero);
  bytes.insert(bytes.end(), done.begin(), done.end());
  bytes.insert(bytes.end(), second.begin(), second.end());
  parsed = parse(bytes);
  EXPECT_EQ(parsed.sockets.size(), 2U) << "nothing comes after the end";
  EXPECT_TRUE(parsed.result.done);
  EXPECT_EQ(parsed.result.error, 0);
}

TEST(SockDiag, ErrorsAreTheKernels) {
  Bytes payload;
  append(payload, int{-ENOENT});
  append(payload, nlmsghdr{});
  const Parsed parsed = parse(message(NLMSG_ERROR, payload));
  EXPECT_TRUE(parsed.result.done);
  EXPECT_EQ(parsed.result.error, ENOENT);
  EXPECT_EQ(parse(message(NLMSG_ERROR, {})).result.error, EBADMSG);
}

TEST(SockDiag, AnInterruptedDumpSaysSo) {
  Bytes zero;
  append(zero, int{0});
  EXPECT_TRUE(parse(message(NLMSG_DONE, zero, NLM_F_MULTI | NLM_F_DUMP_INTR)).result.interrupted);
}

TEST(SockDiag, AnswersToOthersArePassedOver) {
  Bytes bytes = socket_message(established());
  nlmsghdr header{};
  std::memcpy(&header, bytes.data(), sizeof(header));
  header.nlmsg_seq = kSequence + 1;
  std::memcpy(bytes.data(), &header, sizeof(header));
  const Parsed parsed = parse(bytes);
  EXPECT_TRUE(parsed.sockets.empty());
  EXPECT_EQ(parsed.result.malformed, 0U);
}

TEST(SockDiag, WhatIsCutShortIsCounted) {
  const Bytes whole = socket_message(established());
  for (std::size_t size = 1; size < whole.size(); ++size) {
    const Parsed parsed = parse(Bytes(whole.begin(), whole.begin() + static_cast<long>(size)));
    EXPECT_TRUE(parsed.sockets.empty()) << size;
    EXPECT_EQ(parsed.result.malformed, 1U) << size;
    EXPECT_FALSE(parsed.result.done) << size;
  }
  EXPECT_EQ(parse({}).result.malformed, 0U);
}

TEST(SockDiag, ImpossibleValuesAreRefused) {
  for (const auto spoil : {+[](inet_diag_msg& wire) { wire.idiag_family = AF_UNIX; },
                           +[](inet_diag_msg& wire) { wire.idiag_state = 13; },
                           +[](inet_diag_msg& wire) { wire.idiag_timer = 5; }}) {
    inet_diag_msg wire = established();
    spoil(wire);
    const Parsed parsed = parse(socket_message(wire));
    EXPECT_TRUE(parsed.sockets.empty());
    EXPECT_EQ(parsed.result.malformed, 1U);
  }
  EXPECT_EQ(parse(message(NLMSG_MIN_TYPE + 100, {})).result.malformed, 1U);
}

// Every byte of a message replaced by others: what comes out is a socket or is counted, and nothing
// is read beyond the end, which the sanitizers see.
TEST(SockDiag, AnyBytesAreSurvived) {
  std::mt19937 random(1);
  std::uniform_int_distribution<unsigned> any_byte(0, 255);
  const Bytes whole = socket_message(established());
  std::uniform_int_distribution<std::size_t> any_place(0, whole.size() - 1);
  for (int round = 0; round < 20'000; ++round) {
    Bytes bytes = whole;
    for (int i = 0; i < 3; ++i) {
      bytes[any_place(random)] = static_cast<std::byte>(any_byte(random));
    }
    bytes.resize(any_place(random) + 1);
    bytes.shrink_to_fit();
    EXPECT_LE(parse(bytes).sockets.size(), 1U);
  }
}

}  // namespace
}  // namespace tcptrace::kernel
