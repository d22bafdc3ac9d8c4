// SPDX-License-Identifier: GPL-2.0
// Connections that never came about or died without a reset, and those that ended as they should.
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <gtest/gtest.h>

#include "stress/command.h"
#include "support/traced_test.h"

namespace tcptrace::live {
namespace {

class Failure : public TracedTest {
 protected:
  static Seen play_one(std::string_view type, const Scenario& scenario) {
    return TracedTest::play([=](const Seen& seen) { return seen.count(End::kClient, type) >= 1; },
                            scenario);
  }
};

TEST_F(Failure, ConnectTimesOut) {
  const Seen seen = play_one("connect", drill("connect-timeout"));
  const Lines connects = seen.of(End::kClient, "connect");
  ASSERT_EQ(connects.size(), 1U);
  expect_connection(connects[0], client_end(seen, "CLOSE"));
  expect_owner(connects[0], ourselves());
  EXPECT_EQ(connects[0].text("/connection/old_state"), "SYN_SENT") << connects[0];
  EXPECT_EQ(connects[0].text("/connect/result"), "failed") << connects[0];
  EXPECT_EQ(connects[0].text("/connect/errno"), "ETIMEDOUT") << connects[0];
  EXPECT_GE(connects[0].real("/connection/age_ms"), 2900.0)
      << "one second, then two: " << connects[0];
  EXPECT_EQ(seen.count(End::kClient, "reset"), 0U);
  EXPECT_EQ(seen.count(End::kClient, "close"), 0U) << "what was never open does not close";
}

TEST_F(Failure, ApplicationGivesUpConnecting) {
  const Seen seen = play_one("connect", drill("connect-abandoned"));
  const Lines connects = seen.of(End::kClient, "connect");
  ASSERT_EQ(connects.size(), 1U);
  expect_connection(connects[0], client_end(seen, "CLOSE"));
  expect_owner(connects[0], ourselves());
  EXPECT_EQ(connects[0].text("/connect/result"), "abandoned") << connects[0];
  EXPECT_FALSE(connects[0].has("/connect/errno")) << connects[0];
}

TEST_F(Failure, ConnectionRefused) {
  const Seen seen = play_one("connect", [](std::uint16_t port) {
    require(connect_error(lab().client, {kServerV4, port}) == ECONNREFUSED, "not refused");
  });
  const Lines connects = seen.of(End::kClient, "connect");
  ASSERT_EQ(connects.size(), 1U);
  expect_owner(connects[0], ourselves());
  EXPECT_EQ(connects[0].text("/connect/result"), "failed") << connects[0];
  EXPECT_EQ(connects[0].text("/connect/errno"), "ECONNREFUSED") << connects[0];
  EXPECT_TRUE(connects[0].flag("/connect/reset_received")) << connects[0];
}

TEST_F(Failure, IcmpPortUnreachable) {
  const Seen seen = play_one("connect", drill("firewall-reject-icmp"));
  const Lines connects = seen.of(End::kClient, "connect");
  ASSERT_EQ(connects.size(), 1U);
  expect_connection(connects[0], client_end(seen, "CLOSE"));
  EXPECT_EQ(connects[0].text("/connect/errno"), "ECONNREFUSED") << connects[0];
  EXPECT_FALSE(connects[0].flag("/connect/reset_received")) << "no RST was sent: " << connects[0];
  EXPECT_EQ(seen.count(End::kClient, "reset"), 0U);
}

TEST_F(Failure, ConnectWithoutARoute) {
  if (!hook_attached(tracer().hooks(), "connect_error")) {
    GTEST_SKIP() << "no hook on connect itself: it fails before the socket changes its state";
  }
  const Seen seen = play_one("connect", drill("local-send-failure-no-route"));
  const Lines connects = seen.of(End::kClient, "connect");
  ASSERT_EQ(connects.size(), 1U);
  EXPECT_EQ(connects[0].text("/connect/errno"), "ENETUNREACH") << connects[0];
}

TEST_F(Failure, UserTimeoutOnAnEstablishedConnection) {
  const Seen seen = play_one("close", [](std::uint16_t port) {
    const Pair pair = lab().pair(port);
    set_option(pair.client.get(), IPPROTO_TCP, TCP_USER_TIMEOUT, 1000);
    const Nft drop(lab().server, "input", to_port(port));
    send_bytes(pair.client.get(), 10);
    await_state(pair.client.get(), TCP_CLOSE);
    require(so_error(pair.client.get()) == ETIMEDOUT, "not a timeout");
    reset_on_close(pair.server.get());
  });
  const Lines closes = seen.of(End::kClient, "close");
  ASSERT_EQ(closes.size(), 1U);
  expect_connection(closes[0], client_end(seen, "CLOSE"));
  expect_owner(closes[0], ourselves());
  EXPECT_EQ(closes[0].text("/connection/old_state"), "ESTABLISHED") << closes[0];
  EXPECT_EQ(closes[0].text("/close/result"), "failed") << closes[0];
  EXPECT_EQ(closes[0].text("/close/errno"), "ETIMEDOUT") << closes[0];
  EXPECT_EQ(closes[0].number("/tcp_info/user_timeout_ms"), 1000) << closes[0];
  EXPECT_EQ(closes[0].number("/tcp_info/unacked_bytes"), 10) << closes[0];
  EXPECT_EQ(seen.resets(End::kClient, "received").size(), 0U);
}

// Nothing leaves the host, so nothing is ever sent again either: the connection dies of unanswered
// probes.
TEST_F(Failure, SourceAddressRemoved) {
  constexpr auto* kDoomed = "10.77.0.9";
  const Seen seen = play_one("close", [](std::uint16_t port) {
    const Sysctl retries(lab().client, "tcp_retries2", "2");
    change_address(lab().client, "add", kDoomed);
    const UniqueFd listener = lab().listen(port);
    UniqueFd client;
    {
      const InNetns inside(lab().client);
      client = tcp_socket({kDoomed, 0});
      bind_to(client.get(), {kDoomed, 0});
    }
    connect_to(client.get(), {kServerV4, port});
    const UniqueFd server = accept_from(listener.get());
    change_address(lab().client, "del", kDoomed);
    send_bytes(client.get(), 10);
    await_state(client.get(), TCP_CLOSE, 20s);
    reset_on_close(server.get());
  });
  const Lines closes = seen.of(End::kClient, "close");
  ASSERT_EQ(closes.size(), 1U);
  Expected expected = client_end(seen, "CLOSE");
  expected.local = kDoomed;
  expect_connection(closes[0], expected);
  EXPECT_EQ(closes[0].text("/close/errno"), "ETIMEDOUT") << closes[0];
}

class Close : public Failure {};

UniqueFd multipath_socket(const Netns& netns) {
  const InNetns inside(netns);
  return UniqueFd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_MPTCP));
}

TEST_F(Close, SubflowsOfMultipathTcpSaySo) {
  if (!multipath_socket(lab().client).valid()) {
    GTEST_SKIP() << "this kernel has no multipath TCP";
  }
  const auto closed = [](End end, std::uint16_t port) {
    return [=](const Line& line) {
      return line.type() == "close" &&
             (end == End::kServer ? line.local_port() : line.peer_port()) == port;
    };
  };
  const Seen seen = TracedTest::play(
      [](const Seen& s) {
        return s.count(End::kClient, "close") >= 1 && s.count(End::kServer, "close") >= 1;
      },
      [&](std::uint16_t port) {
        const std::size_t from = tracer().size();
        const UniqueFd listener = multipath_socket(lab().server);
        bind_to(listener.get(), {kServerV4, port});
        require(::listen(listener.get(), 1) == 0, "listen");
        UniqueFd client = multipath_socket(lab().client);
        connect_to(client.get(), {kServerV4, port});
        UniqueFd server = accept_from(listener.get());
        send_text(client.get(), "x");
        receive_bytes(server.get(), 1);
        client.reset();
        server.reset();
        // The kernel closes the subflows from a worker, a moment later.
        for (const End end : {End::kClient, End::kServer}) {
          (void)tracer().wait_for(closed(end, port), exact_counts() ? 10s : 2s, from);
        }
      });
  for (const End end : {End::kClient, End::kServer}) {
    const Lines closes = seen.of(end, "close");
    ASSERT_EQ(closes.size(), 1U);
    EXPECT_TRUE(closes[0].flag("/connection/mptcp")) << closes[0];
    expect_owner(closes[0], ourselves());  // not the kernel's worker that closes it
  }
}

TEST_F(Close, NormalEndHasNoErrorAtEitherEnd) {
  const Seen seen = TracedTest::play(
      [](const Seen& s) {
        return s.count(End::kClient, "close") >= 1 && s.count(End::kServer, "close") >= 1;
      },
      [](std::uint16_t port) {
        Pair pair = lab().pair(port);
        send_bytes(pair.client.get(), 1000);
        receive_bytes(pair.server.get(), 1000);
        pair.client.reset();
        await_state(pair.server.get(), TCP_CLOSE_WAIT);
        pair.server.reset();
      });
  const Lines client = seen.of(End::kClient, "close");
  const Lines server = seen.of(End::kServer, "close");
  ASSERT_EQ(client.size(), 1U);
  ASSERT_EQ(server.size(), 1U);
  for (const Line* line : {&client[0], &server[0]}) {
    EXPECT_EQ(line->text("/close/result"), "closed") << *line;
    EXPECT_FALSE(line->has("/close/errno")) << *line;
    expect_owner(*line, ourselves());
  }
  expect_connection(client[0], client_end(seen, ""));
  expect_connection(server[0], server_end(seen, "CLOSE"));
  EXPECT_EQ(server[0].text("/connection/old_state"), "LAST_ACK") << server[0];
  expect_snapshot(server[0], 1001);  // the kernel counts a FIN as a byte
  EXPECT_EQ(seen.count(End::kClient, "reset") + seen.count(End::kServer, "reset"), 0U);
}

TEST_F(Close, ResetEndIsToldOnceMoreWithItsReason) {
  const Seen seen = TracedTest::play(
      [](const Seen& s) {
        return s.count(End::kClient, "close") >= 1 && s.count(End::kServer, "close") >= 1;
      },
      [](std::uint16_t port) {
        Pair pair = lab().pair(port);
        abort_connection(pair.server, pair.client.get());
      });
  const Lines client = seen.of(End::kClient, "close");
  const Lines server = seen.of(End::kServer, "close");
  ASSERT_EQ(client.size(), 1U);
  ASSERT_EQ(server.size(), 1U);
  EXPECT_EQ(client[0].text("/close/result"), "reset") << client[0];
  EXPECT_TRUE(client[0].flag("/close/reset_received")) << client[0];
  EXPECT_EQ(client[0].text("/close/errno"), "ECONNRESET") << client[0];
  expect_connection(client[0], client_end(seen, "CLOSE"));
  expect_connection(server[0], server_end(seen, "CLOSE"));
}

TEST_F(Close, ConnectionsHaveOneCookieFromConnectToClose) {
  std::uint64_t of_client = 0;
  const Seen seen =
      TracedTest::play([](const Seen& s) { return s.count(End::kClient, "close") >= 1; },
                       [&](std::uint16_t port) {
                         const Pair pair = lab().pair(port);
                         of_client = cookie(pair.client.get());
                       });
  const Lines connects = seen.of(End::kClient, "connect");
  const Lines closes = seen.of(End::kClient, "close");
  ASSERT_EQ(connects.size(), 1U);
  ASSERT_EQ(closes.size(), 1U);
  EXPECT_EQ(connects[0].text("/connect/result"), "established") << connects[0];
  EXPECT_EQ(connects[0].number("/connection/cookie"), closes[0].number("/connection/cookie"));
  EXPECT_EQ(connects[0].local_port(), closes[0].local_port());
  if (!connects[0].flag("/connection/synthetic_cookie")) {
    EXPECT_EQ(connects[0].number("/connection/cookie"), static_cast<std::int64_t>(of_client))
        << "not ss's sk:";
  }
}

}  // namespace
}  // namespace tcptrace::live
