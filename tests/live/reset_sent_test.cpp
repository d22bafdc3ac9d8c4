// SPDX-License-Identifier: GPL-2.0
// Resets that a socket of this host sends because its process, or the kernel on its behalf, gave
// the connection up.
#include <netinet/in.h>
#include <netinet/tcp.h>

#include <csignal>
#include <fstream>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "stress/child.h"
#include "stress/command.h"
#include "stress/packet.h"
#include "support/traced_test.h"

namespace tcptrace::live {
namespace {

class ResetSent : public TracedTest {};

TEST_F(ResetSent, CloseWithUnreadData) {
  const Seen seen = play_resets(1, 1, [](std::uint16_t port) {
    Pair pair = lab().pair(port);
    send_text(pair.client.get(), "hello");
    await_unread(pair.server.get(), 5);
    pair.server.reset();
    await_state(pair.client.get(), TCP_CLOSE);
  });
  const Lines sent = seen.resets(End::kServer, "sent");
  ASSERT_EQ(sent.size(), 1U);
  ASSERT_EQ(seen.count(End::kServer, "reset"), 1U);
  expect_connection(sent[0], server_end(seen, "ESTABLISHED"));
  expect_owner(sent[0], ourselves());
  expect_kernel_reason(sent[0], "TCP_ABORT_ON_CLOSE");
  expect_snapshot(sent[0], 5);
  EXPECT_EQ(sent[0].text("/reset/origin"), "active");
  EXPECT_EQ(sent[0].number("/tcp_info/unread_bytes"), 5);
}

TEST_F(ResetSent, CloseWithUnreadDataAfterThePeersFin) {
  const Seen seen = play_resets(1, 0, [](std::uint16_t port) {
    Pair pair = lab().pair(port);
    send_text(pair.client.get(), "hello");
    pair.client.reset();
    await_fin_wait2(lab().client, pair.client_port);
    pair.server.reset();
  });
  const Lines sent = seen.resets(End::kServer, "sent");
  ASSERT_EQ(sent.size(), 1U);
  expect_connection(sent[0], server_end(seen, "CLOSE_WAIT"));
  expect_kernel_reason(sent[0], "TCP_ABORT_ON_CLOSE");
  // The FIN's sequence number is not data.
  EXPECT_EQ(sent[0].number("/tcp_info/unread_bytes"), 5) << sent[0];
  EXPECT_EQ(seen.resets(End::kClient, "received").size(), 0U) << "only a mini-socket is left there";
}

TEST_F(ResetSent, LingerZero) {
  const Seen seen = play_resets(1, 1, [](std::uint16_t port) {
    Pair pair = lab().pair(port);
    send_text(pair.client.get(), "hello");
    receive_bytes(pair.server.get(), 5);
    abort_connection(pair.server, pair.client.get());
  });
  const Lines sent = seen.resets(End::kServer, "sent");
  ASSERT_EQ(sent.size(), 1U);
  ASSERT_EQ(seen.count(End::kServer, "reset"), 1U);
  expect_connection(sent[0], server_end(seen, "ESTABLISHED"));
  expect_owner(sent[0], ourselves());
  expect_kernel_reason(sent[0], "TCP_STATE");
  expect_snapshot(sent[0], 5);
  EXPECT_TRUE(sent[0].has("/tcp_info/lingertime_ms")) << sent[0];
  EXPECT_EQ(sent[0].number("/tcp_info/lingertime_ms"), 0);
}

TEST_F(ResetSent, LingerZeroByTheClient) {
  const Seen seen = play_resets(1, 1, [](std::uint16_t port) {
    Pair pair = lab().pair(port);
    abort_connection(pair.client, pair.server.get());
  });
  const Lines sent = seen.resets(End::kClient, "sent");
  const Lines received = seen.resets(End::kServer, "received");
  ASSERT_EQ(sent.size(), 1U);
  ASSERT_EQ(received.size(), 1U);
  expect_connection(sent[0], client_end(seen, "ESTABLISHED"));
  expect_connection(received[0], server_end(seen, "ESTABLISHED"));
  EXPECT_EQ(sent[0].local_port(), received[0].peer_port());
}

TEST_F(ResetSent, LingerZeroIpv6) {
  const Seen seen = play_resets(1, 1, [](std::uint16_t port) {
    Pair pair = lab().pair({kServerV6, port}, {kServerV6, port});
    abort_connection(pair.server, pair.client.get());
  });
  const Lines sent = seen.resets(End::kServer, "sent");
  const Lines received = seen.resets(End::kClient, "received");
  ASSERT_EQ(sent.size(), 1U);
  ASSERT_EQ(received.size(), 1U);
  Expected expected = server_end(seen, "ESTABLISHED");
  expected.family = "ipv6";
  expected.local = kServerV6;
  expected.peer = kClientV6;
  expect_connection(sent[0], expected);
  expected = client_end(seen, "ESTABLISHED");
  expected.family = "ipv6";
  expected.local = kClientV6;
  expected.peer = kServerV6;
  expect_connection(received[0], expected);
}

TEST_F(ResetSent, MappedAddressesPrintAsIpv4OnTheServer) {
  const Seen seen = play_resets(1, 1, [](std::uint16_t port) {
    Pair pair = lab().pair({"::", port}, {kServerV4, port});
    abort_connection(pair.server, pair.client.get());
  });
  const Lines sent = seen.resets(End::kServer, "sent");
  ASSERT_EQ(sent.size(), 1U);
  expect_connection(sent[0], server_end(seen, "ESTABLISHED"));
  EXPECT_TRUE(sent[0].flag("/connection/v4_mapped")) << sent[0];
}

TEST_F(ResetSent, MappedAddressesPrintAsIpv4OnTheClient) {
  const Seen seen = play_resets(1, 1, [](std::uint16_t port) {
    Pair pair = lab().pair({kServerV4, port}, {std::string("::ffff:") + kServerV4, port});
    abort_connection(pair.client, pair.server.get());
  });
  const Lines sent = seen.resets(End::kClient, "sent");
  ASSERT_EQ(sent.size(), 1U);
  expect_connection(sent[0], client_end(seen, "ESTABLISHED"));
  EXPECT_TRUE(sent[0].flag("/connection/v4_mapped")) << sent[0];
  EXPECT_EQ(seen.count(End::kClient, "connect"), 1U)
      << "the IPv4 connect inside the IPv6 one is the same connect";
}

TEST_F(ResetSent, ConnectToUnspecDisconnects) {
  const Seen seen = play_resets(1, 1, [](std::uint16_t port) {
    const Pair pair = lab().pair(port);
    send_text(pair.server.get(), "data");
    receive_bytes(pair.client.get(), 4);
    disconnect(pair.client.get());
    await_state(pair.server.get(), TCP_CLOSE);
  });
  const Lines sent = seen.resets(End::kClient, "sent");
  ASSERT_EQ(sent.size(), 1U);
  ASSERT_EQ(seen.count(End::kClient, "reset"), 1U);
  expect_connection(sent[0], client_end(seen, "ESTABLISHED"));
  expect_owner(sent[0], ourselves());
  expect_kernel_reason(sent[0], "TCP_STATE");
  expect_snapshot(sent[0], 4);
}

TEST_F(ResetSent, KeepaliveTimeout) {
  const Seen seen = play_resets(1, 0, drill("keepalive-timeout"));
  const Lines sent = seen.resets(End::kClient, "sent");
  ASSERT_EQ(sent.size(), 1U);
  expect_connection(sent[0], client_end(seen, "ESTABLISHED"));
  expect_owner(sent[0], ourselves());
  expect_kernel_reason(sent[0], "TCP_KEEPALIVE_TIMEOUT");
  EXPECT_GE(sent[0].number("/tcp_info/probes"), 2) << sent[0];
  EXPECT_TRUE(sent[0].flag("/tcp_info/keepalive")) << sent[0];
}

TEST_F(ResetSent, ListenerClosedWithPendingConnection) {
  const Seen seen = play_resets(1, 1, [](std::uint16_t port) {
    UniqueFd listener = lab().listen(port);
    const UniqueFd client = lab().connect(port);
    send_text(client.get(), "hello");
    await_acknowledged(client.get());
    listener.reset();
    await_state(client.get(), TCP_CLOSE);
  });
  const Lines sent = seen.resets(End::kServer, "sent");
  ASSERT_EQ(sent.size(), 1U);
  expect_connection(sent[0], server_end(seen, "ESTABLISHED"));
  expect_owner(sent[0], ourselves());  // the listener's
  expect_kernel_reason(sent[0], "TCP_STATE");
  expect_snapshot(sent[0], 5);
  EXPECT_TRUE(sent[0].flag("/connection/never_accepted")) << sent[0];
}

TEST_F(ResetSent, ProcessKilledWithUnreadData) {
  pid_t worker = 0;
  const Seen seen = play_resets(1, 1, [&](std::uint16_t port) {
    UniqueFd listener = lab().listen(port);
    Child child("live-victim", [&](const Channel& channel) {
      const UniqueFd connection = accept_from(listener.get());
      await_unread(connection.get(), 6);
      channel.say("full");
      (void)channel.hear();
    });
    worker = child.pid();
    listener.reset();
    const UniqueFd client = lab().connect(port);
    send_text(client.get(), "unread");
    child.channel().expect("full");
    child.kill(SIGKILL);
    child.join();
    await_state(client.get(), TCP_CLOSE);
  });
  const Lines sent = seen.resets(End::kServer, "sent");
  ASSERT_EQ(sent.size(), 1U);
  expect_connection(sent[0], server_end(seen, "ESTABLISHED"));
  expect_owner(sent[0], {.pid = worker, .comm = "live-victim"});
  expect_kernel_reason(sent[0], "TCP_ABORT_ON_CLOSE");
  EXPECT_EQ(sent[0].number("/tcp_info/unread_bytes"), 6) << sent[0];
  EXPECT_TRUE(sent[0].flag("/by/exiting")) << sent[0];
}

TEST_F(ResetSent, KilledByAnAdministrator) {
  if (!program_exists("ss")) {
    GTEST_SKIP() << "no ss";
  }
  const Seen seen = play_resets(1, 1, drill("admin-abort"));
  const Lines sent = seen.resets(End::kClient, "sent");
  ASSERT_EQ(sent.size(), 1U);
  expect_connection(sent[0], client_end(seen, "ESTABLISHED"));
  expect_owner(sent[0], ourselves());
  EXPECT_EQ(sent[0].text("/by/comm"), "ss") << "the killer is not the owner: " << sent[0];
  expect_kernel_reason(sent[0], "TCP_STATE");
}

TEST_F(ResetSent, OrphanThatMustNotLinger) {
  const Seen seen = play_resets(1, 1, drill("linger2-expired"));
  const Lines sent = seen.resets(End::kServer, "sent");
  ASSERT_EQ(sent.size(), 1U);
  ASSERT_EQ(seen.count(End::kServer, "reset"), 1U)
      << "no RST came: tcp_reset() ran for the FIN's acknowledgement";
  expect_connection(sent[0], server_end(seen, ""));
  expect_owner(sent[0], ourselves());
  expect_kernel_reason(sent[0], "TCP_ABORT_ON_DATA");
  EXPECT_TRUE(sent[0].flag("/connection/orphan")) << sent[0];
}

// The limit is the whole machine's, not a namespace's.
class OrphanLimit {
 public:
  explicit OrphanLimit(std::string_view value) {
    std::getline(std::ifstream(kPath), before_);
    write(value);
  }
  ~OrphanLimit() { write(before_); }
  OrphanLimit(const OrphanLimit&) = delete;
  OrphanLimit& operator=(const OrphanLimit&) = delete;

 private:
  static constexpr const char* kPath = "/proc/sys/net/ipv4/tcp_max_orphans";
  static void write(std::string_view value) { std::ofstream(kPath) << value << std::flush; }

  std::string before_;
};

TEST_F(ResetSent, TooManyOrphans) {
  if (!exact_counts()) {
    GTEST_SKIP() << "tcp_max_orphans is the setting of a whole machine that is in use";
  }
  const auto aborted = [] { return lab().client.counter("TcpExt", "TCPAbortOnMemory"); };
  const Seen seen = play_resets(2, 0, [&](std::uint16_t port) {
    // Before v5.16 the kernel compares a sum that lags behind by 32 on each CPU.
    constexpr int kOrphans = 80;
    const UniqueFd listener = lab().listen(port);
    std::vector<UniqueFd> clients;
    std::vector<UniqueFd> servers;
    for (int i = 0; i <= kOrphans; ++i) {
      clients.push_back(lab().connect(port));
      servers.push_back(accept_from(listener.get()));
      reset_on_close(servers.back().get());
    }
    const Nft silence(lab().server, "input", to_port(port));
    for (const UniqueFd& client : clients) {
      send_text(client.get(), "never acknowledged");
    }
    UniqueFd last = std::move(clients.back());
    clients.clear();
    // The kernel adds up its orphans every 100 ms (tcp_orphan_update()).
    std::this_thread::sleep_for(scaled(300ms));
    const std::uint64_t before = aborted();
    const OrphanLimit none("0");
    last.reset();
    require(wait_until([&] { return aborted() >= before + 2; }, 20s), "no orphan sends again");
  });
  std::set<std::string> left;
  for (const Line& line : seen.resets(End::kClient, "sent")) {
    expect_owner(line, ourselves());
    expect_kernel_reason(line, "TCP_ABORT_ON_MEMORY");
    EXPECT_TRUE(line.flag("/connection/orphan")) << line;
    EXPECT_EQ(line.text("/verdict/cause"), "orphan_limit") << line;
    left.insert(line.text("/verdict/summary"));
  }
  EXPECT_EQ(left.size(), 2U) << "one when it was closed, the others when they sent again";
}

}  // namespace
}  // namespace tcptrace::live
