// SPDX-License-Identifier: GPL-2.0
// What kernels answered to sock_diag, against the tables of /proc/net that they printed right
// after, and cut short and garbled.
#include <algorithm>
#include <cstring>
#include <random>
#include <sstream>
#include <string>
#include <tuple>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kernel/sock_diag.h"
#include "unit/recorded/recorded_host.h"

namespace tcptrace {
namespace {

using model::Family;
using model::Socket;
using model::TcpState;
using ::testing::UnorderedElementsAreArray;

class RecordedSockets : public testing::TestWithParam<RecordingName> {
 protected:
  RecordedSockets() : host_(GetParam()) {}

  [[nodiscard]] bool has(const char* scene) const { return GetParam().scene == scene; }
  [[nodiscard]] std::size_t count(TcpState state) const {
    return static_cast<std::size_t>(std::ranges::count(
        sockets_, state, [](const Socket& socket) { return socket.connection.state; }));
  }

  const RecordedHost host_;
  const std::vector<Socket> sockets_ = host_.sockets(true);
};

INSTANTIATE_TEST_SUITE_P(Kernels, RecordedSockets, testing::ValuesIn(recordings()), test_name);

// Of a line of /proc/net/tcp or tcp6: "0: 0100007F:1F90 00000000:0000 0A … inode".
std::string line_of_table(const std::string& line) {
  std::istringstream in(line);
  std::vector<std::string> words{std::istream_iterator<std::string>(in), {}};
  const auto hexadecimal = [](const std::string& text) {
    return static_cast<unsigned>(std::stoul(text, nullptr, 16));
  };
  std::string text;
  // Words of four bytes, each printed as the number that it is on this machine.
  for (const std::string& end : {words.at(1), words.at(2)}) {
    const std::size_t colon = end.find(':');
    for (std::size_t at = 0; at < colon; at += 8) {
      const unsigned word = hexadecimal(end.substr(at, 8));
      for (unsigned shift = 0; shift < 32; shift += 8) {
        text += fmt::format("{:02x}", word >> shift & 0xffU);
      }
    }
    text += fmt::format(" {} ", hexadecimal(end.substr(colon + 1)));
  }
  return text + fmt::format("{} {}", hexadecimal(words.at(3)), words.at(9));
}

std::string line_of_socket(const Socket& socket) {
  const model::Connection& connection = socket.connection;
  std::string text;
  const auto append = [&](const model::Address& address, std::uint16_t port) {
    const bool ipv4 = connection.family == Family::kIpv4;
    text += connection.v4_mapped ? "00000000000000000000ffff" : "";
    for (std::size_t i = 0; i < (ipv4 ? 4U : 16U); ++i) {
      text += fmt::format("{:02x}", address.bytes.at(i));
    }
    text += fmt::format(" {} ", port);
  };
  append(connection.local, connection.local_port);
  append(connection.peer, connection.peer_port);
  return text + fmt::format("{} {}", static_cast<unsigned>(connection.state), socket.inode);
}

TEST_P(RecordedSockets, AreThoseOfTheTables) {
  std::vector<std::string> expected;
  for (const std::string& name : host_.names()) {
    if (name != "proc/thread-self/net/tcp" && name != "proc/thread-self/net/tcp6") {
      continue;
    }
    std::istringstream table(host_.file(name));
    std::string line;
    std::getline(table, line);
    while (std::getline(table, line)) {
      expected.push_back(line_of_table(line));
    }
  }
  ASSERT_GT(expected.size(), 20U);
  for (const bool with_info : {false, true}) {
    std::vector<std::string> found;
    for (const Socket& socket : host_.sockets(with_info)) {
      found.push_back(line_of_socket(socket));
    }
    EXPECT_THAT(found, UnorderedElementsAreArray(expected)) << "with info: " << with_info;
  }
}

// tests/kernels/recorder/scene.cpp
TEST_P(RecordedSockets, AreInTheStatesThatTheSceneHas) {
  const std::size_t addresses = has("host") ? 2 : 1;
  const bool trouble = !has("ipv4");
  EXPECT_EQ(count(TcpState::kListen), has("host") ? 9U : has("ipv6") ? 5U : 4U);
  EXPECT_EQ(count(TcpState::kCloseWait), (trouble ? 12 : 2) * addresses);
  EXPECT_EQ(count(TcpState::kSynRecv), 2 * addresses);
  EXPECT_EQ(count(TcpState::kTimeWait), has("ipv4") ? 5U : 10U);
  EXPECT_EQ(count(TcpState::kSynSent), (trouble ? 15 : 0) * addresses)
      << "connections to the listener that is full";
}

TEST_P(RecordedSockets, AreOfTheFamiliesThatTheHostHas) {
  for (const Socket& socket : sockets_) {
    const bool ipv6 = socket.connection.family == Family::kIpv6;
    EXPECT_FALSE(has("ipv6") && !ipv6) << line_of_socket(socket);
    EXPECT_FALSE(has("ipv4") && ipv6) << line_of_socket(socket);
  }
  const auto mapped = std::ranges::count_if(
      sockets_, [](const Socket& socket) { return socket.connection.v4_mapped; });
  EXPECT_EQ(mapped, has("host") ? 1 : 0) << "the server's end of a connection to [::]";
}

// struct tcp_info grows from version to version; tcpi_rcv_wnd came with v6.2.
TEST_P(RecordedSockets, HaveTheInfoOfTheirKernel) {
  const bool knows_window = GetParam().kernel != "5.10" && GetParam().kernel != "6.1";
  for (const Socket& socket : sockets_) {
    const TcpState state = socket.connection.state;
    const std::string text = line_of_socket(socket);
    ASSERT_EQ(socket.info.has_value(), state != TcpState::kTimeWait &&
                                           state != TcpState::kFinWait2 &&
                                           state != TcpState::kSynRecv)
        << text;
    if (state == TcpState::kEstablished) {
      EXPECT_GT(socket.info->rtt_us, 0U) << text;
      EXPECT_GT(socket.info->snd_cwnd, 0U) << text;
      EXPECT_GT(socket.info->snd_mss, 0U) << text;
      EXPECT_GT(socket.info->snd_wnd, 0U) << text;
      EXPECT_EQ(socket.receive_window_known, knows_window) << text;
      EXPECT_EQ(socket.info->rcv_wnd > 0, knows_window) << text;
    }
  }
}

TEST_P(RecordedSockets, HaveTheQueuesThatTheSceneLeft) {
  const std::size_t addresses = has("host") ? 2 : 1;
  const bool trouble = !has("ipv4");
  std::size_t unread = 0;
  std::size_t full = 0;
  for (const Socket& socket : sockets_) {
    unread += socket.info && socket.info->unread_bytes == 1000 ? 1 : 0;
    if (socket.connection.state == TcpState::kListen && socket.connection.local_port == 8082) {
      EXPECT_EQ(socket.info->backlog, trouble ? 5U : 2U);
      EXPECT_EQ(socket.info->backlog_limit, trouble ? 4U : 128U);
      ++full;
    }
  }
  EXPECT_EQ(unread, addresses);
  EXPECT_EQ(full, addresses);
}

// What a socket is does not depend on whether a TCP_INFO was asked for.
TEST_P(RecordedSockets, AreTheSameWithoutAnInfo) {
  const auto key = [](const Socket& socket) {
    return std::tuple(line_of_socket(socket), socket.connection.cookie);
  };
  std::vector<std::tuple<std::string, std::uint64_t>> with;
  std::vector<std::tuple<std::string, std::uint64_t>> without;
  std::ranges::transform(sockets_, std::back_inserter(with), key);
  std::ranges::transform(host_.sockets(false), std::back_inserter(without), key);
  EXPECT_THAT(without, UnorderedElementsAreArray(with));
}

struct Taken {
  std::uint64_t sockets = 0;
  kernel::DiagResult result;
};
// Of the message that begins there, with what fills it up.
std::size_t length_at(const std::vector<std::byte>& datagram, std::size_t at) {
  std::uint32_t length = 0;
  std::memcpy(&length, &datagram[at], sizeof(length));
  return (length + 3U) & ~3U;
}

Taken take(const std::vector<std::byte>& bytes) {
  Taken taken;
  taken.result = kernel::parse_sock_diag(bytes, kernel::kDiagSequence, 1, {},
                                         [&](Socket&) { ++taken.sockets; });
  return taken;
}

TEST_P(RecordedSockets, OfADatagramThatIsCutShortTheWholeOnesAreTaken) {
  for (const bool with_info : {false, true}) {
    const std::vector<std::byte>& whole = host_.answer(with_info).front();
    std::uint64_t messages = 0;
    std::size_t next = length_at(whole, 0);
    // On every place where a message may end and on others.
    for (std::size_t size = 0; size < whole.size(); size += 2) {
      const bool boundary = size == next || size == 0;
      if (size == next) {
        ++messages;
        next += length_at(whole, size);
      }
      const Taken taken = take({whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)});
      ASSERT_EQ(taken.sockets, messages) << size;
      ASSERT_EQ(taken.result.malformed, boundary ? 0U : 1U) << size;
    }
  }
}

// Nothing is read beyond the end, which the sanitizers see.
TEST_P(RecordedSockets, GarbledOnesAreSurvived) {
  std::mt19937 random(1);
  const std::vector<std::byte>& whole = host_.answer(true).front();
  std::uniform_int_distribution<std::size_t> any_place(0, whole.size() - 1);
  std::uniform_int_distribution<unsigned> any_byte(0, 255);
  const std::uint64_t all = take(whole).sockets;
  std::uint64_t refused = 0;
  for (int round = 0; round < 500; ++round) {
    std::vector<std::byte> bytes = whole;
    for (int i = 0; i < 20; ++i) {
      bytes[any_place(random)] = static_cast<std::byte>(any_byte(random));
    }
    const Taken taken = take(bytes);
    EXPECT_LE(taken.sockets, all);
    refused += taken.result.malformed;
  }
  EXPECT_GT(refused, 0U);
}

}  // namespace
}  // namespace tcptrace
