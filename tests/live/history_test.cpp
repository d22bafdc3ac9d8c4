// SPDX-License-Identifier: GPL-2.0
// The seconds before a reset: what the polls have seen of the connection.
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "support/lab_test.h"
#include "support/traced_test.h"

namespace tcptrace::live {
namespace {

std::vector<std::string> polling_every_100ms(std::uint16_t port,
                                             std::vector<std::string> more = {}) {
  std::vector<std::string> arguments = {"--history-interval", "100ms", "-P", std::to_string(port)};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return arguments;
}

const nlohmann::json& history_of(const Line& line) {
  static const nlohmann::json none = nlohmann::json::array();
  const auto& json = line.json();
  return json.contains("history") ? json.at("history") : none;
}

std::vector<std::int64_t> values(const nlohmann::json& history, const char* key) {
  std::vector<std::int64_t> values;
  for (const auto& sample : history) {
    values.push_back(sample.at(key).get<std::int64_t>());
  }
  return values;
}

void expect_in_order_of_time(const nlohmann::json& history) {
  const std::vector<std::int64_t> at = values(history, "at_ms");
  EXPECT_TRUE(std::ranges::is_sorted(at)) << history;
  EXPECT_LE(at.back(), 0) << history;
}

class History : public LabTest {
 protected:
  void SetUp() override { skip_unless_auto("a poll does not tell how the events are hooked"); }

  // Long enough for some polls: where one takes long, as in a guest, the next comes later.
  static std::chrono::milliseconds step() {
    static const std::chrono::milliseconds step = measure(lab().next_port());
    return step;
  }
  static void sleep(int steps) { std::this_thread::sleep_for(steps * step()); }

  static std::chrono::milliseconds measure(std::uint16_t port,
                                           std::vector<std::string> arguments = {}) {
    Tracer tracer(polling_every_100ms(port, std::move(arguments)));
    std::this_thread::sleep_for(1s);
    tracer.stop();
    const auto poll_ms = static_cast<int>(tracer.summary().real("/polls/longest_ms"));
    return std::clamp(3 * 20 * std::chrono::milliseconds(poll_ms), 500ms, 10000ms);
  }
};

// One line of the given end.
Line line_of(Tracer& tracer, std::uint16_t port, std::string_view type, End end) {
  const auto wanted = [=](const Line& line) {
    return line.type() == type &&
           (end == End::kServer ? line.local_port() : line.peer_port()) == port;
  };
  require(tracer.wait_for(wanted, 60s), "no such line of this end");
  return tracer.lines(0, wanted).front();
}

TEST_F(History, UnreadDataIsSeenToPileUp) {
  const std::uint16_t port = lab().next_port();
  Tracer tracer(polling_every_100ms(port));
  Pair pair = lab().pair(port);
  for (int i = 0; i < 3; ++i) {
    send_text(pair.client.get(), std::string(1000, 'x'));
    sleep(1);
  }
  pair.server.reset();
  const Line sent = line_of(tracer, port, "reset", End::kServer);
  const auto& history = history_of(sent);
  ASSERT_GE(history.size(), 3U) << sent;
  expect_in_order_of_time(history);
  const auto unread = values(history, "unread_bytes");
  EXPECT_TRUE(std::ranges::is_sorted(unread)) << history;
  EXPECT_LE(unread.front(), 1000) << history;
  EXPECT_EQ(unread.back(), 3000) << history;
  for (const auto& sample : history) {
    EXPECT_EQ(sample.at("state"), "ESTABLISHED") << history;
  }
  tracer.stop();
  EXPECT_EQ(tracer.hooks().text("/polling/source"), "iter") << tracer.hooks();
  EXPECT_GT(tracer.summary().number("/polls/count"), 3) << tracer.summary();
}

TEST_F(History, NothingHappensNothingIsAdded) {
  const std::uint16_t port = lab().next_port();
  Tracer tracer(polling_every_100ms(port));
  Pair pair = lab().pair(port);
  send_text(pair.client.get(), "hello");
  receive_bytes(pair.server.get(), 5);
  sleep(5);
  reset_on_close(pair.client.get());
  pair.client.reset();
  const Line received = line_of(tracer, port, "reset", End::kServer);
  const auto& history = history_of(received);
  ASSERT_GE(history.size(), 1U) << received;
  const auto at = values(history, "at_ms");
  EXPECT_LT(at.back(), -3 * step().count()) << history;
}

TEST_F(History, AStalledPeerIsSeenStalling) {
  const std::uint16_t port = lab().next_port();
  Tracer tracer(polling_every_100ms(port));
  const Pair pair = lab().pair(port);
  const auto timeout_ms = static_cast<unsigned>(4 * step().count());
  ASSERT_EQ(::setsockopt(pair.client.get(), IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout_ms,
                         sizeof(timeout_ms)),
            0);
  const Nft drop(lab().server, "input", to_port(port));
  send_text(pair.client.get(), "into the void");
  const Line died = line_of(tracer, port, "close", End::kClient);
  EXPECT_EQ(died.text("/close/errno"), "ETIMEDOUT") << died;
  const auto& history = history_of(died);
  ASSERT_GE(history.size(), 3U) << died;
  expect_in_order_of_time(history);
  const auto retransmits = values(history, "retransmits");
  EXPECT_TRUE(std::ranges::is_sorted(retransmits)) << history;
  EXPECT_GE(retransmits.back(), 2) << history;
  EXPECT_EQ(values(history, "unacked").back(), 1) << history;
}

TEST_F(History, FromNetlinkTheSame) {
  const std::vector<std::string> netlink{"--source", "netlink"};
  const auto some_polls = 2 * measure(lab().next_port(), netlink);
  const std::uint16_t port = lab().next_port();
  Tracer tracer(polling_every_100ms(port, netlink));
  Pair pair = lab().pair(port);
  send_text(pair.server.get(), std::string(1000, 'x'));
  std::this_thread::sleep_for(some_polls);
  send_text(pair.server.get(), std::string(500, 'x'));
  std::this_thread::sleep_for(some_polls);
  pair.client.reset();
  const Line sent = line_of(tracer, port, "reset", End::kClient);
  if (sent.flag("/connection/synthetic_cookie")) {
    GTEST_SKIP() << "this kernel gives sockets no cookie that netlink knows";
  }
  const auto& history = history_of(sent);
  ASSERT_GE(history.size(), 2U) << sent;
  expect_in_order_of_time(history);
  EXPECT_EQ(values(history, "unread_bytes").back(), 1500) << history;
  tracer.stop();
  EXPECT_EQ(tracer.hooks().text("/polling/source"), "netlink") << tracer.hooks();
}

TEST_F(History, NoneWhereNoneIsAskedFor) {
  const std::uint16_t port = lab().next_port();
  Tracer tracer({"--history", "0", "-P", std::to_string(port)});
  Pair pair = lab().pair(port);
  send_text(pair.client.get(), "hello");
  pair.server.reset();
  EXPECT_FALSE(line_of(tracer, port, "reset", End::kServer).has("/history"));
  tracer.stop();
  EXPECT_FALSE(tracer.hooks().has("/polling")) << tracer.hooks();
  EXPECT_FALSE(tracer.summary().has("/polls")) << tracer.summary();
}

TEST_F(History, OnlyAsDeepAsAsked) {
  const std::uint16_t port = lab().next_port();
  Tracer tracer(polling_every_100ms(port, {"--history", "2"}));
  Pair pair = lab().pair(port);
  send_text(pair.client.get(), "hello");
  sleep(2);
  pair.server.reset();
  EXPECT_EQ(history_of(line_of(tracer, port, "reset", End::kServer)).size(), 2U);
}

TEST_F(History, WhatDoesNotFitLeavesAndIsCounted) {
  const std::uint16_t port = lab().next_port();
  Tracer tracer(polling_every_100ms(port, {"--history-memory", "64K"}));
  const UniqueFd listener = lab().listen(port, 1024);
  std::vector<UniqueFd> sockets;
  for (int i = 0; i < 400; ++i) {
    sockets.push_back(lab().connect(port));
    sockets.push_back(accept_from(listener.get()));
  }
  sleep(2);
  tracer.stop();
  const Line summary = tracer.summary();
  EXPECT_GT(summary.number("/polls/evicted"), 0) << summary;
  EXPECT_GT(summary.number("/polls/connections"), 100) << summary;
  EXPECT_LT(summary.number("/polls/connections"), 800) << summary;
}

TEST_F(History, OnlyOfConnectionsThatTheFilterMeans) {
  const std::uint16_t port = lab().next_port();
  Tracer tracer(polling_every_100ms(lab().next_port()));
  const Pair pair = lab().pair(port);
  sleep(1);
  tracer.stop();
  EXPECT_GT(tracer.summary().number("/polls/count"), 0) << tracer.summary();
  EXPECT_EQ(tracer.summary().number("/polls/connections"), 0) << tracer.summary();
}

TEST_F(History, ConnectionsThatHaveEndedAreForgotten) {
  const std::uint16_t port = lab().next_port();
  Tracer tracer(polling_every_100ms(port));
  {
    const Pair pair = lab().pair(port);
    sleep(1);
  }
  sleep(2);
  tracer.stop();
  EXPECT_GT(tracer.summary().number("/polls/count"), 0) << tracer.summary();
  EXPECT_EQ(tracer.summary().number("/polls/connections"), 0) << tracer.summary();
  EXPECT_EQ(tracer.summary().number("/polls/evicted"), 0) << tracer.summary();
}

}  // namespace
}  // namespace tcptrace::live
