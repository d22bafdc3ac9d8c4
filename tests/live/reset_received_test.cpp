// SPDX-License-Identifier: GPL-2.0
// Resets that came in, and what only looks like one.
#include <netinet/in.h>
#include <netinet/tcp.h>

#include <gtest/gtest.h>

#include "stress/packet.h"
#include "support/traced_test.h"

namespace tcptrace::live {
namespace {

class ResetReceived : public TracedTest {};

TEST_F(ResetReceived, EstablishedIsConnectionReset) {
  const Seen seen = play_resets(1, 1, [](std::uint16_t port) {
    Pair pair = lab().pair(port);
    send_text(pair.server.get(), "hello");
    receive_bytes(pair.client.get(), 5);
    abort_connection(pair.server, pair.client.get());
    require(so_error(pair.client.get()) == ECONNRESET, "not ECONNRESET");
  });
  const Lines received = seen.resets(End::kClient, "received");
  ASSERT_EQ(received.size(), 1U);
  ASSERT_EQ(seen.count(End::kClient, "reset"), 1U);
  expect_connection(received[0], client_end(seen, "ESTABLISHED"));
  expect_owner(received[0], ourselves());
  EXPECT_EQ(received[0].text("/reset/errno"), "ECONNRESET");
  expect_snapshot(received[0], 5);
  EXPECT_GT(received[0].number("/connection/cookie"), 0) << received[0];
}

TEST_F(ResetReceived, CloseWaitIsBrokenPipe) {
  const Seen seen = play_resets(1, 1, [](std::uint16_t port) {
    Pair pair = lab().pair(port);
    ::shutdown(pair.server.get(), SHUT_WR);
    await_state(pair.client.get(), TCP_CLOSE_WAIT);
    await_state(pair.server.get(), TCP_FIN_WAIT2);
    abort_connection(pair.server, pair.client.get());
    require(so_error(pair.client.get()) == EPIPE, "not EPIPE");
  });
  const Lines received = seen.resets(End::kClient, "received");
  ASSERT_EQ(received.size(), 1U);
  expect_connection(received[0], client_end(seen, "CLOSE_WAIT"));
  EXPECT_EQ(received[0].text("/reset/errno"), "EPIPE");
  // The other end had its FIN acknowledged.
  const Lines sent = seen.resets(End::kServer, "sent");
  ASSERT_EQ(sent.size(), 1U);
  expect_connection(sent[0], server_end(seen, "FIN_WAIT2"));
}

TEST_F(ResetReceived, SynSentIsConnectionRefused) {
  const Seen seen = play_resets(1, 1, [](std::uint16_t port) {
    require(connect_error(lab().client, {kServerV4, port}) == ECONNREFUSED, "not refused");
  });
  const Lines received = seen.resets(End::kClient, "received");
  ASSERT_EQ(received.size(), 1U);
  expect_connection(received[0], client_end(seen, "SYN_SENT"));
  expect_owner(received[0], ourselves());
  EXPECT_EQ(received[0].text("/reset/errno"), "ECONNREFUSED");
}

TEST_F(ResetReceived, SynSentIpv6AndMapped) {
  const Seen native = play_resets(1, 1, [](std::uint16_t port) {
    require(connect_error(lab().client, {kServerV6, port}) == ECONNREFUSED, "not refused");
  });
  Lines received = native.resets(End::kClient, "received");
  ASSERT_EQ(received.size(), 1U);
  Expected expected = client_end(native, "SYN_SENT");
  expected.family = "ipv6";
  expected.local = kClientV6;
  expected.peer = kServerV6;
  expect_connection(received[0], expected);

  const Seen mapped = play_resets(1, 1, [](std::uint16_t port) {
    require(connect_error(lab().client, {std::string("::ffff:") + kServerV4, port}) == ECONNREFUSED,
            "not refused");
  });
  received = mapped.resets(End::kClient, "received");
  ASSERT_EQ(received.size(), 1U);
  expect_connection(received[0], client_end(mapped, "SYN_SENT"));
  EXPECT_TRUE(received[0].flag("/connection/v4_mapped")) << received[0];
}

TEST_F(ResetReceived, BeforeTheConnectionIsAccepted) {
  const Seen seen = play_resets(1, 1, [](std::uint16_t port) {
    const UniqueFd listener = lab().listen(port);
    UniqueFd client = lab().connect(port);
    reset_on_close(client.get());
    client.reset();
    const UniqueFd accepted = accept_from(listener.get());
    require(tcp_state(accepted.get()) == TCP_CLOSE, "accepted alive");
  });
  const Lines received = seen.resets(End::kServer, "received");
  ASSERT_EQ(received.size(), 1U);
  expect_connection(received[0], server_end(seen, "ESTABLISHED"));
  expect_owner(received[0], ourselves());  // the listener's
}

TEST_F(ResetReceived, ForgedInFlight) {
  const Seen seen = play_resets(0, 1, [](std::uint16_t port) {
    const Pair pair = lab().pair(port);
    forge_reset(lab().server, {kServerV4, port}, {kClientV4, pair.client_port}, pair.client.get());
    await_state(pair.client.get(), TCP_CLOSE);
  });
  const Lines received = seen.resets(End::kClient, "received");
  ASSERT_EQ(received.size(), 1U);
  expect_connection(received[0], client_end(seen, "ESTABLISHED"));
  if (received[0].has("/reset/trigger")) {
    EXPECT_EQ(received[0].text("/reset/trigger/flags"), "RST") << received[0];
    EXPECT_EQ(received[0].number("/reset/trigger/ttl"), 41) << received[0];
  }
  EXPECT_EQ(seen.resets(End::kServer, "sent").size(), 0U) << "no socket here sent it";
}

// tcp_reset() runs for our own socket although no RST came. Other sockets' tests cover the orphans.
TEST_F(ResetReceived, NotForDataAfterShutdown) {
  const Seen seen = play_resets(1, 1, [](std::uint16_t port) {
    const Pair pair = lab().pair(port);
    ::shutdown(pair.server.get(), SHUT_RDWR);
    await_state(pair.client.get(), TCP_CLOSE_WAIT);
    await_state(pair.server.get(), TCP_FIN_WAIT2);
    send_text(pair.client.get(), "late");
    await_state(pair.client.get(), TCP_CLOSE);
    require(so_error(pair.server.get()) == ECONNRESET, "the server was not told");
  });
  const Lines sent = seen.resets(End::kServer, "sent");
  ASSERT_EQ(sent.size(), 1U);
  expect_connection(sent[0], server_end(seen, "FIN_WAIT2"));
  expect_kernel_reason(sent[0], "TCP_ABORT_ON_DATA");
  EXPECT_EQ(seen.resets(End::kServer, "received").size(), 0U);
  const Lines received = seen.resets(End::kClient, "received");
  ASSERT_EQ(received.size(), 1U);
  EXPECT_EQ(received[0].text("/reset/errno"), "EPIPE");
}

// The counterpart: a real RST in a state where the kernel's own hook is ambiguous must not be lost.
TEST_F(ResetReceived, RealOneInFinWait2) {
  const Seen seen = play_resets(1, 1, [](std::uint16_t port) {
    Pair pair = lab().pair(port);
    ::shutdown(pair.server.get(), SHUT_RDWR);
    await_state(pair.client.get(), TCP_CLOSE_WAIT);
    await_state(pair.server.get(), TCP_FIN_WAIT2);
    abort_connection(pair.client, pair.server.get());
  });
  const Lines received = seen.resets(End::kServer, "received");
  ASSERT_EQ(received.size(), 1U);
  expect_connection(received[0], server_end(seen, "FIN_WAIT2"));
  EXPECT_EQ(seen.resets(End::kServer, "sent").size(), 0U);
  const Lines sent = seen.resets(End::kClient, "sent");
  ASSERT_EQ(sent.size(), 1U);
  expect_connection(sent[0], client_end(seen, "CLOSE_WAIT"));
}

// RFC 5961: within the window but not exact is answered by a challenge ACK; outside it is dropped.
TEST_F(ResetReceived, NotForInexactSequenceNumbers) {
  const Seen seen = play_resets(0, 0, [](std::uint16_t port) {
    Pair pair = lab().pair(port);
    const Sequence next = sequence(pair.client.get());
    for (const std::uint32_t offset : {100U, 10000000U}) {
      inject(lab().server, {.from = {kServerV4, port},
                            .to = {kClientV4, pair.client_port},
                            .seq = next.receive + offset,
                            .ack = next.send,
                            .flags = kRst | kAck});
    }
    send_text(pair.client.get(), "alive");
    receive_bytes(pair.server.get(), 5);
  });
  EXPECT_EQ(seen.resets(End::kClient, "received").size(), 0U);
  EXPECT_EQ(seen.resets(End::kServer, "received").size(), 0U);
}

TEST_F(ResetReceived, NotForListenersAndStrangers) {
  const Seen seen = play_resets(0, 0, [](std::uint16_t port) {
    const Segment segment{
        .from = {kClientV4, 40074}, .to = {kServerV4, port}, .seq = 1, .flags = kRst};
    inject(lab().client, segment);  // nobody there
    const UniqueFd listener = lab().listen(port);
    inject(lab().client, segment);
  });
  EXPECT_EQ(seen.count(End::kServer, "reset"), 0U);
}

}  // namespace
}  // namespace tcptrace::live
