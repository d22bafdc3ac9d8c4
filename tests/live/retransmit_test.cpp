// SPDX-License-Identifier: GPL-2.0
// Segments that are sent again: what kind, which bytes, how many, whose.
#include <netinet/in.h>
#include <netinet/tcp.h>

#include <algorithm>
#include <optional>

#include <gtest/gtest.h>

#include "stress/packet.h"
#include "support/traced_test.h"

namespace tcptrace::live {
namespace {

class Retransmit : public TracedTest {
 protected:
  // Waits until the kernel has counted this many more segments sent again than at construction.
  class RetransSegs {
   public:
    explicit RetransSegs(const Netns& netns) : netns_(netns), before_(now()) {}
    void await(std::uint64_t more) const {
      require(wait_until([&] { return now() >= before_ + more; }, 10s), "nothing was sent again");
    }

   private:
    [[nodiscard]] std::uint64_t now() const { return netns_.counter("Tcp", "RetransSegs"); }
    const Netns& netns_;
    std::uint64_t before_;
  };

  static Seen play_retransmits(End end, std::size_t records, const Scenario& scenario) {
    return TracedTest::play(
        [=](const Seen& seen) { return seen.count(end, "retransmit") >= records; }, scenario);
  }

  static void expect_segment(const Line& line, std::uint32_t seq, std::int64_t length,
                             std::string_view flags) {
    EXPECT_EQ(line.number("/retransmit/seq"), seq) << line;
    EXPECT_EQ(line.number("/retransmit/length_bytes"), length) << line;
    EXPECT_EQ(line.number("/retransmit/segs"), 1) << line;
    EXPECT_EQ(line.text("/retransmit/tcp_flags"), flags) << line;
    EXPECT_FALSE(line.has("/retransmit/errno")) << line;
  }
};

TEST_F(Retransmit, SynIntoABlackHole) {
  const Seen seen = play_retransmits(End::kClient, 2, [](std::uint16_t port) {
    const Nft drop(lab().server, "input", to_port(port));
    const RetransSegs segments(lab().client);
    const UniqueFd client = start_connect(lab().client, {kServerV4, port});
    segments.await(2);
  });
  const Lines syns = seen.of(End::kClient, "retransmit");
  ASSERT_EQ(syns.size(), 2U);
  for (std::size_t i = 0; i < syns.size(); ++i) {
    expect_connection(syns[i], client_end(seen, "SYN_SENT"));
    expect_owner(syns[i], ourselves());
    EXPECT_EQ(syns[i].text("/retransmit/kind"), "syn") << syns[i];
    expect_segment(syns[i], static_cast<std::uint32_t>(syns[0].number("/retransmit/seq")), 1,
                   "SYN");
    EXPECT_EQ(syns[i].number("/tcp_info/retransmits"), static_cast<std::int64_t>(i) + 1) << syns[i];
  }
}

TEST_F(Retransmit, Timeout) {
  Sequence next;
  const Seen seen = play_retransmits(End::kClient, 2, [&](std::uint16_t port) {
    const Sysctl no_probes(lab().client, "tcp_early_retrans", "0");
    const Pair pair = lab().pair(port);
    next = sequence(pair.client.get());
    Nft drop(lab().server, "input", to_port(port));
    const RetransSegs segments(lab().client);
    send_bytes(pair.client.get(), 100);
    segments.await(2);
    drop.remove();
    receive_bytes(pair.server.get(), 100);
  });
  const Lines again = seen.of(End::kClient, "retransmit");
  ASSERT_GE(again.size(), 2U);
  for (std::size_t i = 0; i < again.size(); ++i) {
    expect_connection(again[i], client_end(seen, "ESTABLISHED"));
    expect_owner(again[i], ourselves());
    EXPECT_EQ(again[i].text("/retransmit/kind"), "rto") << again[i];
    expect_segment(again[i], next.send, 100, "PSH|ACK");
    EXPECT_EQ(again[i].number("/tcp_info/retransmits"), static_cast<std::int64_t>(i) + 1)
        << again[i];
    EXPECT_EQ(again[i].text("/tcp_info/ca_state"), "loss") << again[i];
    EXPECT_EQ(again[i].number("/tcp_info/unacked_bytes"), 100) << again[i];
  }
}

TEST_F(Retransmit, TailLossProbeComesFirst) {
  Sequence next;
  const Seen seen = play_retransmits(End::kClient, 1, [&](std::uint16_t port) {
    const Pair pair = lab().pair(port);
    next = sequence(pair.client.get());
    Nft drop(lab().server, "input", to_port(port));
    const RetransSegs segments(lab().client);
    send_bytes(pair.client.get(), 100);
    segments.await(1);
    drop.remove();
    receive_bytes(pair.server.get(), 100);
  });
  const Lines again = seen.of(End::kClient, "retransmit");
  ASSERT_GE(again.size(), 1U);
  expect_connection(again[0], client_end(seen, "ESTABLISHED"));
  EXPECT_EQ(again[0].text("/retransmit/kind"), "tlp") << again[0];
  expect_segment(again[0], next.send, 100, "PSH|ACK");
}

TEST_F(Retransmit, FastAfterSelectiveAcknowledgements) {
  constexpr std::size_t kSegment = 1000;
  Sequence next;
  const Seen seen = play_retransmits(End::kClient, 1, [&](std::uint16_t port) {
    const Sysctl each_alone(lab().client, "tcp_autocorking", "0");
    const Pair pair = lab().pair(port);
    set_option(pair.client.get(), IPPROTO_TCP, TCP_NODELAY, 1);
    next = sequence(pair.client.get());
    // The third of eight, once: what is sent again is the ninth.
    const Nft drop(lab().server, "input",
                   to_port(port, "meta length > 500 numgen inc mod 8 == 2 drop"));
    for (int i = 0; i < 8; ++i) {
      send_bytes(pair.client.get(), kSegment);
    }
    receive_bytes(pair.server.get(), 8 * kSegment);
  });
  const Lines again = seen.of(End::kClient, "retransmit");
  ASSERT_EQ(again.size(), 1U);
  expect_connection(again[0], client_end(seen, "ESTABLISHED"));
  expect_owner(again[0], ourselves());
  EXPECT_EQ(again[0].text("/retransmit/kind"), "fast") << again[0];
  expect_segment(again[0], next.send + 2 * kSegment, kSegment, "PSH|ACK");
  EXPECT_EQ(again[0].text("/tcp_info/ca_state"), "recovery") << again[0];
  EXPECT_GT(again[0].number("/tcp_info/sacked"), 0) << again[0];
}

TEST_F(Retransmit, SynAckOfAHalfOpenRequest) {
  constexpr std::uint16_t kPeerPort = 40019;
  const Seen seen = play_retransmits(End::kServer, 1, [](std::uint16_t port) {
    const UniqueFd listener = lab().listen(port);
    const Nft deaf(lab().client, "input", from_port(port));
    const RetransSegs segments(lab().server);
    Segment segment{
        .from = {kClientV4, kPeerPort}, .to = {kServerV4, port}, .seq = 1000, .flags = kSyn};
    inject(lab().client, segment);
    segments.await(1);
    segment.seq = 1001;
    segment.flags = kRst;
    inject(lab().client, segment);
  });
  const Lines again = seen.of(End::kServer, "retransmit");
  ASSERT_EQ(again.size(), 1U);
  Expected expected = server_end(seen, "SYN_RECV");
  expected.role.clear();
  expected.peer_port = kPeerPort;
  expect_connection(again[0], expected);
  expect_owner(again[0], ourselves());
  EXPECT_EQ(again[0].text("/retransmit/kind"), "synack") << again[0];
  EXPECT_EQ(again[0].text("/retransmit/tcp_flags"), "SYN|ACK") << again[0];
  EXPECT_EQ(again[0].number("/retransmit/segs"), 1);
  EXPECT_EQ(again[0].number("/retransmit/attempt"), 1) << again[0];
}

TEST_F(Retransmit, SynAckIpv6) {
  const Seen seen = play_retransmits(End::kServer, 1, [](std::uint16_t port) {
    const UniqueFd listener = listen_at(lab().server, {"::", port});
    // The client hears only the second SYN-ACK.
    const Nft deaf(lab().client, "input", from_port(port, "numgen inc mod 2 == 0 drop"));
    const UniqueFd client = connect_from(lab().client, {kServerV6, port});
  });
  const Lines again = seen.of(End::kServer, "retransmit");
  ASSERT_GE(again.size(), 1U);
  Expected expected = server_end(seen, "");
  expected.role.clear();
  expected.family = "ipv6";
  expected.local = kServerV6;
  expected.peer = kClientV6;
  expect_connection(again[0], expected);
  EXPECT_EQ(again[0].text("/retransmit/kind"), "synack") << again[0];
}

TEST_F(Retransmit, FinOfAnOrphan) {
  Sequence next;
  const Seen seen = play_retransmits(End::kClient, 1, [&](std::uint16_t port) {
    Pair pair = lab().pair(port);
    next = sequence(pair.client.get());
    const Nft drop(lab().server, "input", to_port(port));
    const RetransSegs segments(lab().client);
    pair.client.reset();
    segments.await(1);
  });
  const Lines again = seen.of(End::kClient, "retransmit");
  ASSERT_GE(again.size(), 1U);
  expect_connection(again[0], client_end(seen, "FIN_WAIT1"));
  expect_owner(again[0], ourselves());
  expect_segment(again[0], next.send, 1, "FIN|ACK");
  EXPECT_TRUE(again[0].flag("/connection/orphan")) << again[0];
}

// "tcp: trace retransmit failures in tcp_retransmit_skb" (ad892e912b84), v6.17: before, the
// tracepoint fires only for what was sent.
bool tracepoint_tells_failures() { return kernel_is_at_least(6, 17); }

TEST_F(Retransmit, FailedAttemptsCarryTheirErrno) {
  const bool silent =
      hook_family(tracer().hooks(), "retransmit") == "tp" && !tracepoint_tells_failures();
  if (silent) {
    GTEST_SKIP() << "this kernel's tracepoint does not tell failed retransmissions";
  }
  const auto failed_only = [](const Seen& seen) {
    Lines failed = seen.of(End::kClient, "retransmit");
    std::erase_if(failed, [](const Line& line) { return !line.has("/retransmit/errno"); });
    return failed;
  };
  const Seen seen = TracedTest::play(
      [&](const Seen& s) { return !failed_only(s).empty(); },
      [](std::uint16_t port) {
        const Pair pair = lab().pair(port);
        const std::uint64_t before = lab().client.counter("TcpExt", "TCPRetransFail");
        Nft lost(lab().server, "input", to_port(port));
        send_bytes(pair.client.get(), 100);
        Nft forbidden(lab().client, "output", to_port(port));
        const auto failed = [&] {
          return lab().client.counter("TcpExt", "TCPRetransFail") > before;
        };
        require(wait_until(failed), "no retransmission failed");
        forbidden.remove();
        lost.remove();
        receive_bytes(pair.server.get(), 100);
      });
  const Lines failed = failed_only(seen);
  ASSERT_GE(failed.size(), 1U);
  expect_connection(failed[0], client_end(seen, "ESTABLISHED"));
  EXPECT_EQ(failed[0].text("/retransmit/errno"), "EPERM") << failed[0];
}

}  // namespace
}  // namespace tcptrace::live
