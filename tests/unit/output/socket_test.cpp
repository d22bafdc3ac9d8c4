// SPDX-License-Identifier: GPL-2.0
// Sockets of a snapshot as JSON and as a table.
#include "output/socket.h"

#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "all_samples.h"
#include "golden.h"

namespace tcptrace::output {
namespace {

using model::Socket;
using testing::HasSubstr;
using testing::Not;

nlohmann::json json_of(const Socket& socket) {
  std::string out;
  append_sample_json(out, socket, samples::context());
  return nlohmann::json::parse(out);
}

std::string named_netns(std::uint32_t inode) { return inode == 4026531840 ? "host" : "netns blue"; }

std::string table_of(const std::vector<Socket>& sockets, bool listeners = false,
                     bool verbose = false) {
  Context context = samples::context();
  context.verbose = verbose;
  SocketTable table(listeners, context, named_netns);
  for (const Socket& socket : sockets) {
    table.add(socket);
  }
  std::string text;
  table.append_header(text);
  table.render([&](std::string_view lines) {
    text += lines;
    return true;
  });
  return text;
}

TEST(SampleJson, HasTheKeysOfOtherRecords) {
  const auto sample = json_of(samples::socket());
  EXPECT_EQ("sample", sample["type"]);
  EXPECT_EQ("2026-11-21T01:02:03.123456789Z", sample["time"]);
  EXPECT_EQ(8080, sample["connection"]["local_port"]);
  EXPECT_EQ("ESTABLISHED", sample["connection"]["state"]);
  EXPECT_EQ(60011, sample["connection"]["idle_rx_ms"]);
  EXPECT_EQ("api", sample["process"]["comm"]);
  EXPECT_EQ("seed", sample["process"]["source"]);
  EXPECT_EQ(1250, sample["tcp_info"]["rtt_us"]);
}

TEST(SampleJson, SaysWhatItKnowsOfTheSocket) {
  EXPECT_EQ((nlohmann::json{{"source", "iter"},
                            {"inode", 48123},
                            {"uid", 1000},
                            {"timer", "keepalive"},
                            {"timer_ms", 7'140'000}}),
            json_of(samples::socket())["socket"]);
  EXPECT_EQ(3, json_of(samples::retransmitting_socket())["socket"]["timer_retries"]);
}

TEST(SampleJson, AListenerHasOnlyItsQueue) {
  const auto sample = json_of(samples::listening_socket());
  EXPECT_EQ((nlohmann::json{{"backlog", 3}, {"backlog_limit", 128}}), sample["tcp_info"]);
  EXPECT_FALSE(sample["connection"].contains("idle_rx_ms"));
  EXPECT_FALSE(sample["socket"].contains("timer"));
}

TEST(SampleJson, WhatIsLeftOfAConnectionHasNoInfo) {
  const auto sample = json_of(samples::time_wait_socket());
  EXPECT_FALSE(sample.contains("tcp_info"));
  EXPECT_FALSE(sample.contains("process"));
  EXPECT_FALSE(sample["connection"].contains("idle_rx_ms"));
  EXPECT_EQ((nlohmann::json{{"source", "iter"}, {"timer", "time_wait"}, {"timer_ms", 59250}}),
            sample["socket"]);
}

TEST(SampleJson, AReceiveWindowThatIsNotKnownIsAbsent) {
  EXPECT_EQ(65160, json_of(samples::socket())["tcp_info"]["rcv_wnd"]);
  EXPECT_FALSE(json_of(samples::retransmitting_socket())["tcp_info"].contains("rcv_wnd"));
}

TEST(SampleJson, AConnectionThatIsNotOpenHasNotBeenIdle) {
  Socket socket = samples::socket();
  socket.connection.state = model::TcpState::kSynSent;
  const auto sample = json_of(socket);
  EXPECT_FALSE(sample["connection"].contains("idle_rx_ms"));
  EXPECT_FALSE(sample["tcp_info"].contains("last_data_sent_ms"));
  EXPECT_TRUE(sample["tcp_info"].contains("rto_us"));
}

TEST(SocketTable, EveryColumnIsAsWideAsItsContent) {
  const std::string text = table_of({samples::socket(), samples::time_wait_socket()});
  EXPECT_EQ(
      "PID  COMM  STATE        LOCAL          PEER            "
      "   RTT  CWND  RETRANS  RECV-Q  SEND-Q  DETAIL\n"
      "812  api   ESTABLISHED  10.0.0.5:8080  10.0.0.9:41822  "
      "1.2 ms    10      0/0     900       0  keepalive in 119 min 0 s\n"
      "  -  -     TIME_WAIT    10.0.0.5:8080  10.0.0.9:41822  "
      "     -     -        -       -       -  time_wait in 59.2 s\n",
      text);
}

TEST(SocketTable, WithoutSocketsIsItsHeader) {
  EXPECT_EQ("PID  COMM  STATE  LOCAL  PEER  RTT  CWND  RETRANS  RECV-Q  SEND-Q  DETAIL\n",
            table_of({}));
}

TEST(SocketTable, NamespacesAreNamedWhereThereAreSeveral) {
  EXPECT_THAT(table_of({samples::socket()}), Not(HasSubstr("NETNS")));
  const std::string both = table_of({samples::socket(), samples::retransmitting_socket()});
  EXPECT_THAT(both, HasSubstr("NETNS       PID  COMM"));
  EXPECT_THAT(both, HasSubstr("host        812  api"));
  EXPECT_THAT(both, HasSubstr("netns blue    -  -"));
}

TEST(SocketTable, SaysWhatGoesWrong) {
  const std::string text = table_of({samples::retransmitting_socket()});
  EXPECT_THAT(text, HasSubstr("4 in flight, loss, not accepted, retransmit in 1.6 s, #3"));
  EXPECT_THAT(text, HasSubstr("[2001:db8::5]:8080"));
}

TEST(SocketTable, ListenersHaveColumnsOfTheirOwn) {
  EXPECT_EQ(
      "PID  COMM  LOCAL          BACKLOG  LIMIT\n"
      "812  api   10.0.0.5:8080        3    128\n",
      table_of({samples::listening_socket()}, true));
  EXPECT_THAT(table_of({samples::listening_socket()}), HasSubstr("accept queue 3/128"));
}

TEST(SocketTable, HostileNamesStayInTheirCell) {
  Socket socket = samples::socket();
  samples::set_comm(*socket.owner, "a\nb\x1b[31m");
  const std::string text = table_of({socket, socket});
  EXPECT_EQ(3, std::count(text.begin(), text.end(), '\n'));
  EXPECT_THAT(text, HasSubstr("a\\x0ab\\x1b[31m"));
}

TEST(SocketTable, EndsWhenNobodyReads) {
  const Context context = samples::context();
  SocketTable table(false, context, named_netns);
  for (int i = 0; i < 5; ++i) {
    table.add(samples::socket());
  }
  int pieces = 0;
  table.render([&](std::string_view) { return ++pieces < 2; });
  EXPECT_EQ(2, pieces);
}

TEST(Golden, Sockets) {
  test::expect_golden("sockets.txt", table_of(samples::all_sockets()) + "\n" +
                                         table_of(samples::all_sockets(), false, true) + "\n" +
                                         table_of({samples::listening_socket()}, true, true));
}

}  // namespace
}  // namespace tcptrace::output
