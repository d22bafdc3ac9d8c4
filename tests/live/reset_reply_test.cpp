// SPDX-License-Identifier: GPL-2.0
// Resets in reply to a segment: no socket, a listener, a mini-socket, a closed one, a firewall.
#include <netinet/in.h>
#include <netinet/tcp.h>

#include <string>

#include <gtest/gtest.h>

#include "stress/command.h"
#include "stress/packet.h"
#include "support/traced_test.h"

namespace tcptrace::live {
namespace {

class ResetSentReply : public TracedTest {
 protected:
  // Before 6.11 and with tracepoints only, replies without a full socket are known from the RST
  // alone.
  [[nodiscard]] static bool sees_the_segment_answered() {
    return hook_limit(tracer().hooks(), "reset_sent").empty();
  }
};

Expected without_role(Expected expected) {
  expected.role.clear();
  return expected;
}

TEST_F(ResetSentReply, NoListener) {
  const Seen seen = play_resets(1, 1, [](std::uint16_t port) {
    require(connect_error(lab().client, {kServerV4, port}) == ECONNREFUSED, "not refused");
  });
  const Lines sent = seen.resets(End::kServer, "sent");
  const Lines received = seen.resets(End::kClient, "received");
  ASSERT_EQ(sent.size(), 1U);
  ASSERT_EQ(received.size(), 1U);
  expect_connection(sent[0], without_role(server_end(seen, "")));
  expect_kernel_reason(sent[0], "NO_SOCKET");
  EXPECT_EQ(sent[0].text("/reset/origin"), "reply");
  if (sees_the_segment_answered()) {
    EXPECT_TRUE(sent[0].flag("/connection/no_socket")) << sent[0];
    EXPECT_EQ(sent[0].text("/reset/trigger/flags"), "SYN") << sent[0];
  }
  EXPECT_FALSE(sent[0].has("/tcp_info")) << "nothing has no TCP_INFO: " << sent[0];
  EXPECT_EQ(sent[0].peer_port(), received[0].local_port());
}

TEST_F(ResetSentReply, NoListenerIpv6) {
  const Seen seen = play_resets(1, 1, [](std::uint16_t port) {
    require(connect_error(lab().client, {kServerV6, port}) == ECONNREFUSED, "not refused");
  });
  const Lines sent = seen.resets(End::kServer, "sent");
  ASSERT_EQ(sent.size(), 1U);
  Expected expected = without_role(server_end(seen, ""));
  expected.family = "ipv6";
  expected.local = kServerV6;
  expected.peer = kClientV6;
  expect_connection(sent[0], expected);
  expect_kernel_reason(sent[0], "NO_SOCKET");
  EXPECT_EQ(sent[0].text("/reset/origin"), "reply");
  EXPECT_EQ(sent[0].flag("/connection/no_socket"), sees_the_segment_answered()) << sent[0];
}

TEST_F(ResetSentReply, StaleSegmentToAListener) {
  constexpr std::uint16_t kStalePort = 40021;
  const Seen seen = play_resets(1, 0, [](std::uint16_t port) {
    const UniqueFd listener = lab().listen(port);
    inject(lab().client, {.from = {kClientV4, kStalePort},
                          .to = {kServerV4, port},
                          .seq = 1000,
                          .ack = 5000,
                          .flags = kAck,
                          .payload = "stale"});
  });
  const Lines sent = seen.resets(End::kServer, "sent");
  ASSERT_EQ(sent.size(), 1U);
  Expected expected = server_end(seen, "");
  expected.peer_port = kStalePort;  // of the segment: the listener has no peer
  expect_connection(sent[0], expected);
  expect_owner(sent[0], ourselves());
  expect_kernel_reason(sent[0], "TCP_FLAGS");
  EXPECT_EQ(sent[0].text("/reset/socket_state"), "LISTEN") << sent[0];
  EXPECT_EQ(sent[0].text("/reset/trigger/flags"), "ACK") << sent[0];
  EXPECT_EQ(sent[0].number("/reset/trigger/seq"), 1000);
  EXPECT_EQ(sent[0].number("/reset/trigger/ack"), 5000);
  EXPECT_EQ(sent[0].number("/reset/trigger/bytes"), 5);
  EXPECT_EQ(sent[0].number("/tcp_info/backlog_limit"), 8) << sent[0];
}

TEST_F(ResetSentReply, DataAfterCloseToAMiniSocket) {
  const Seen seen = play_resets(1, 1, [](std::uint16_t port) {
    Pair pair = lab().pair(port);
    {
      // An acknowledgement that finds the socket still locked by close() leaves it a full one: the
      // one that counts is that of the FIN which the timer sends.
      const Nft late(lab().server, "input", to_port(port));
      pair.server.reset();
      await_state(pair.client.get(), TCP_CLOSE_WAIT);
    }
    await_fin_wait2(lab().server, port);
    require(send_error(pair.client.get()) == 0, "the first send is still accepted");
    await_state(pair.client.get(), TCP_CLOSE);
    require(send_error(pair.client.get()) == EPIPE, "not EPIPE");
  });
  const Lines sent = seen.resets(End::kServer, "sent");
  ASSERT_EQ(sent.size(), 1U);
  expect_connection(sent[0], without_role(server_end(seen, "")));
  expect_kernel_reason(sent[0], "TCP_TIMEWAIT_SOCKET");
  expect_owner(sent[0], ourselves());  // who closed it
  if (sees_the_segment_answered()) {
    EXPECT_EQ(sent[0].text("/reset/socket_state"), "TIME_WAIT") << sent[0];
    EXPECT_EQ(sent[0].number("/reset/trigger/bytes"), 1) << sent[0];
  }
}

// The client sees neither data nor FIN, so the closed server socket stays a full one in FIN_WAIT1.
TEST_F(ResetSentReply, DataAfterCloseInFinWait1) {
  const Seen seen = play_resets(1, 0, [](std::uint16_t port) {
    Pair pair = lab().pair(port);
    const Sequence next = sequence(pair.client.get());
    const Nft deaf(lab().client, "input", from_port(port));
    send_bytes(pair.server.get(), 100);
    pair.server.reset();
    // Not by the client's socket, which would send it again and again.
    inject(lab().client, {.from = {kClientV4, pair.client_port},
                          .to = {kServerV4, port},
                          .seq = next.send,
                          .ack = next.receive,
                          .flags = kAck | kPsh,
                          .payload = "late"});
    reset_on_close(pair.client.get());
  });
  const Lines sent = seen.resets(End::kServer, "sent");
  ASSERT_EQ(sent.size(), 1U);
  expect_connection(sent[0], server_end(seen, "FIN_WAIT1"));
  expect_owner(sent[0], ourselves());
  expect_kernel_reason(sent[0], "TCP_ABORT_ON_DATA");
  EXPECT_TRUE(sent[0].flag("/connection/orphan")) << sent[0];
  EXPECT_EQ(sent[0].number("/reset/trigger/bytes"), 4) << sent[0];
}

// A FIN timeout above a minute keeps the orphan a full socket in FIN_WAIT2.
TEST_F(ResetSentReply, DataAfterCloseInFinWait2) {
  const Seen seen = play_resets(1, 1, [](std::uint16_t port) {
    const Sysctl patient(lab().server, "tcp_fin_timeout", "62");
    Pair pair = lab().pair(port);
    pair.server.reset();
    await_fin_wait2(lab().server, port);
    send_text(pair.client.get(), "late");
    await_state(pair.client.get(), TCP_CLOSE);
  });
  const Lines sent = seen.resets(End::kServer, "sent");
  ASSERT_EQ(sent.size(), 1U);
  expect_connection(sent[0], server_end(seen, "FIN_WAIT2"));
  expect_kernel_reason(sent[0], "TCP_ABORT_ON_DATA");
  EXPECT_TRUE(sent[0].flag("/connection/orphan")) << sent[0];
}

TEST_F(ResetSentReply, AcceptQueueOverflow) {
  const Seen seen = play_resets(5, 5, drill("accept-queue-overflow"));
  Lines refused = seen.resets(End::kServer, "sent");
  std::erase_if(refused, [](const Line& line) { return line.text("/reset/origin") != "reply"; });
  ASSERT_EQ(refused.size(), 1U);
  Expected expected = server_end(seen, "");
  expected.role.clear();
  expect_connection(refused[0], expected);
  expect_owner(refused[0], ourselves());
  expect_kernel_reason(refused[0], "INVALID_SYN");
  EXPECT_EQ(refused[0].number("/tcp_info/backlog_limit"), 3) << refused[0];
  EXPECT_GT(refused[0].number("/tcp_info/backlog"), 3) << refused[0];
  EXPECT_EQ(seen.resets(End::kServer, "sent").size(), 5U) << "four more died with their listener";
}

class FirewallReset : public TracedTest {
 protected:
  void SetUp() override {
    if (!hook_attached(tracer().hooks(), "reset_netfilter")) {
      GTEST_SKIP() << "no hook sees firewall resets";
    }
  }
};

TEST_F(FirewallReset, RejectOnInput) {
  const Seen seen = play_resets(1, 1, [](std::uint16_t port) {
    const UniqueFd listener = lab().listen(port);
    const Nft reject(lab().server, "input", to_port(port, "reject with tcp reset"));
    require(connect_error(lab().client, {kServerV4, port}) == ECONNREFUSED, "not refused");
  });
  const Lines sent = seen.resets(End::kServer, "sent");
  ASSERT_EQ(sent.size(), 1U);
  ASSERT_EQ(seen.resets(End::kClient, "received").size(), 1U);
  EXPECT_EQ(sent[0].text("/reset/origin"), "netfilter") << sent[0];
  expect_connection(sent[0], without_role(server_end(seen, "")));
}

TEST_F(FirewallReset, RejectOnInputIpv6) {
  const Seen seen = play_resets(1, 1, [](std::uint16_t port) {
    const Nft reject(lab().server, "input", to_port(port, "reject with tcp reset"));
    require(connect_error(lab().client, {kServerV6, port}) == ECONNREFUSED, "not refused");
  });
  const Lines sent = seen.resets(End::kServer, "sent");
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_EQ(sent[0].text("/reset/origin"), "netfilter") << sent[0];
  Expected expected = without_role(server_end(seen, ""));
  expected.family = "ipv6";
  expected.local = kServerV6;
  expected.peer = kClientV6;
  expect_connection(sent[0], expected);
}

// What leaves through one device on top of another passes two queues.
TEST_F(FirewallReset, ThroughStackedDevicesIsOne) {
  constexpr const char* kStackedServer = "10.78.0.2";
  const auto stack = [](const Netns& netns, const std::string& address) {
    const InNetns inside(netns);
    run_or_throw({"ip", "link", "add", "stacked0", "link", std::string(kVethName), "type",
                  "macvlan", "mode", "bridge"});
    run_or_throw({"ip", "address", "add", address + "/24", "dev", "stacked0"});
    run_or_throw({"ip", "link", "set", "stacked0", "up"});
  };
  stack(lab().client, "10.78.0.1");
  stack(lab().server, kStackedServer);
  const Seen seen = play_resets(1, 1, [&](std::uint16_t port) {
    const Nft reject(lab().server, "input", to_port(port, "reject with tcp reset"));
    require(connect_error(lab().client, {kStackedServer, port}) == ECONNREFUSED, "not refused");
    // Nor is a reply of the stack told twice.
    require(connect_error(lab().client, {kStackedServer, 9}) == ECONNREFUSED, "not refused");
  });
  for (const Netns* netns : {&lab().client, &lab().server}) {
    const InNetns inside(*netns);
    run_or_throw({"ip", "link", "del", "stacked0"});
  }
  const Lines sent = seen.resets(End::kServer, "sent");
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_EQ(sent[0].text("/reset/origin"), "netfilter") << sent[0];
}

// The client's own firewall answers in the server's name.
TEST_F(FirewallReset, RejectOnOutput) {
  const Seen seen = play_resets(1, 1, [](std::uint16_t port) {
    const UniqueFd listener = lab().listen(port);
    const Nft reject(lab().client, "output", to_port(port, "reject with tcp reset"));
    require(connect_error(lab().client, {kServerV4, port}) == ECONNREFUSED, "not refused");
  });
  const Lines sent = seen.resets(End::kServer, "sent");
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_EQ(sent[0].text("/reset/origin"), "netfilter") << sent[0];
  Expected expected = without_role(server_end(seen, ""));
  expected.netns = lab().client.inode();
  expect_connection(sent[0], expected);
}

}  // namespace
}  // namespace tcptrace::live
