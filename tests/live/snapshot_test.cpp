// SPDX-License-Identifier: GPL-2.0
// What a snapshot says of sockets in every state, and that its two sources say the same.
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include <algorithm>
#include <iterator>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "stress/child.h"
#include "stress/command.h"
#include "support/cgroup.h"
#include "support/environment.h"
#include "support/lab_test.h"
#include "support/line.h"
#include "support/schema.h"
#include "support/tracer.h"

namespace tcptrace::live {
namespace {

class Snapshot : public LabTest {
 protected:
  void SetUp() override { skip_unless_auto("a snapshot hooks nothing"); }

  // Of the lab's two namespaces.
  static Lines take(const std::string& source, const std::vector<std::string>& more = {}) {
    std::vector<std::string> argv = {
        tracer_binary(),
        "snapshot",
        "-J",
        "--source",
        source,
        "--netns",
        std::to_string(lab().client.inode()) + "," + std::to_string(lab().server.inode())};
    argv.insert(argv.end(), more.begin(), more.end());
    const CommandResult result = run(argv);
    EXPECT_EQ(result.status, 0) << result.output;
    Lines lines;
    std::istringstream stream(result.output);
    for (std::string text; std::getline(stream, text);) {
      if (!text.starts_with('{')) {
        continue;  // stderr
      }
      EXPECT_EQ(test::validate(text), "") << text;
      lines.emplace_back(nlohmann::json::parse(text), Clock::now());
    }
    return lines;
  }

  static Lines where(const Lines& lines, const Netns& netns, std::uint16_t local,
                     std::uint16_t peer) {
    Lines found;
    std::ranges::copy_if(lines, std::back_inserter(found), [&](const Line& line) {
      return line.netns() == netns.inode() && line.local_port() == local &&
             line.peer_port() == peer;
    });
    return found;
  }

  // The one socket of that end; its absence is a failure, and an empty line.
  static Line one(const Lines& lines, const Netns& netns, std::uint16_t local, std::uint16_t peer) {
    const Lines found = where(lines, netns, local, peer);
    EXPECT_EQ(found.size(), 1U) << local << " -> " << peer;
    return found.empty() ? Line(nlohmann::json::object(), Clock::now()) : found.front();
  }

  static std::string state(const Line& line) { return line.text("/connection/state"); }
};

// What a test says about one source it says about the other.
class EitherSource : public Snapshot, public testing::WithParamInterface<const char*> {
 protected:
  static Lines take(const std::vector<std::string>& more = {}) {
    return Snapshot::take(GetParam(), more);
  }
  static bool iter() { return std::string_view(GetParam()) == "iter"; }
};

INSTANTIATE_TEST_SUITE_P(Sources, EitherSource, testing::Values("iter", "netlink"),
                         [](const auto& about) { return std::string(about.param); });

TEST_P(EitherSource, EstablishedHasBothEndsOwnerAndInfo) {
  const std::uint16_t port = lab().next_port();
  const Pair pair = lab().pair(port);
  send_bytes(pair.client.get(), 900);
  await_unread(pair.server.get(), 900);
  // Asked for before: not every kernel lets an iterator make one.
  const std::uint64_t known_cookie = cookie(pair.client.get());
  const Lines lines = take();
  const Line client = one(lines, lab().client, pair.client_port, port);
  const Line server = one(lines, lab().server, port, pair.client_port);
  for (const Line& line : {client, server}) {
    EXPECT_EQ(line.type(), "sample");
    EXPECT_EQ(state(line), "ESTABLISHED");
    EXPECT_EQ(line.text("/connection/family"), "ipv4");
    EXPECT_EQ(line.number("/process/pid"), ::getpid());
    EXPECT_GT(line.number("/tcp_info/rtt_us"), 0);
    EXPECT_GT(line.number("/socket/inode"), 0);
    EXPECT_EQ(line.text("/socket/source"), GetParam());
    EXPECT_FALSE(line.has("/connection/never_accepted"));
  }
  EXPECT_EQ(client.text("/connection/local"), kClientV4);
  EXPECT_EQ(client.text("/connection/peer"), kServerV4);
  EXPECT_EQ(client.number("/tcp_info/bytes_sent"), 900);
  EXPECT_EQ(server.number("/tcp_info/bytes_received"), 900);
  EXPECT_EQ(server.number("/tcp_info/unread_bytes"), 900);
  EXPECT_EQ(client.number("/connection/cookie"), static_cast<std::int64_t>(known_cookie));
}

TEST_P(EitherSource, AListenerHasItsQueueAndAChildNobodyHasAccepted) {
  const std::uint16_t port = lab().next_port();
  const UniqueFd listener = lab().listen(port, 5);
  const UniqueFd client = lab().connect(port);
  await_connection(listener.get());
  const Lines lines = take();
  const Line listening = one(lines, lab().server, port, 0);
  EXPECT_EQ(state(listening), "LISTEN");
  EXPECT_EQ(listening.text("/connection/role"), "listener");
  EXPECT_EQ(listening.json()["tcp_info"], (nlohmann::json{{"backlog", 1}, {"backlog_limit", 5}}));
  const Line child = one(lines, lab().server, port, local_port(client.get()));
  EXPECT_EQ(state(child), "ESTABLISHED");
  EXPECT_FALSE(child.has("/process"));
  EXPECT_EQ(child.flag("/connection/never_accepted"), iter());
  const Lines listeners = take({"--listen"});
  EXPECT_EQ(listeners.size(), 1U);
}

TEST_P(EitherSource, SynSentRetransmits) {
  const std::uint16_t port = lab().next_port();
  const UniqueFd listener = lab().listen(port, 0);
  const UniqueFd first = lab().connect(port);
  await_connection(listener.get());  // the queue is full now, and SYNs are dropped
  const UniqueFd second = start_connect(lab().client, {kServerV4, port});
  const Line client = one(take(), lab().client, local_port(second.get()), port);
  EXPECT_EQ(state(client), "SYN_SENT");
  EXPECT_EQ(client.text("/connection/role"), "client");
  EXPECT_EQ(client.text("/socket/timer"), "retransmit");
  EXPECT_GT(client.number("/socket/timer_ms"), 0);
  EXPECT_FALSE(client.has("/connection/idle_rx_ms"));
}

TEST_P(EitherSource, SynRecvIsARequest) {
  const std::uint16_t port = lab().next_port();
  const UniqueFd listener = lab().listen(port);
  set_option(listener.get(), IPPROTO_TCP, TCP_DEFER_ACCEPT, 60);
  const UniqueFd client = lab().connect(port);
  const Line request = one(take(), lab().server, port, local_port(client.get()));
  EXPECT_EQ(state(request), "SYN_RECV");
  EXPECT_EQ(request.text("/connection/role"), "server");
  EXPECT_EQ(request.text("/connection/local"), kServerV4);
  EXPECT_EQ(request.text("/connection/peer"), kClientV4);
  EXPECT_FALSE(request.has("/tcp_info"));
  EXPECT_EQ(take({"--state", "syn_recv", "-L", std::to_string(port)}).size(), 1U);
}

TEST_P(EitherSource, CloseWaitAndFinWait2) {
  const std::uint16_t port = lab().next_port();
  const Pair pair = lab().pair(port);
  send_bytes(pair.client.get(), 10);
  ::shutdown(pair.client.get(), SHUT_WR);
  await_state(pair.server.get(), TCP_CLOSE_WAIT);
  await_state(pair.client.get(), TCP_FIN_WAIT2);
  const Lines lines = take();
  const Line client = one(lines, lab().client, pair.client_port, port);
  EXPECT_EQ(state(client), "FIN_WAIT2");
  EXPECT_EQ(client.text("/tcp_info/shutdown"), "send");
  const Line server = one(lines, lab().server, port, pair.client_port);
  EXPECT_EQ(state(server), "CLOSE_WAIT");
  EXPECT_EQ(server.number("/tcp_info/unread_bytes"), 10) << "a FIN is no byte";
  EXPECT_EQ(server.text("/tcp_info/shutdown"), "receive");
}

TEST_P(EitherSource, WhatIsLeftInFinWait2AndTimeWait) {
  const std::uint16_t port = lab().next_port();
  Pair pair = lab().pair(port);
  pair.client.reset();
  await_fin_wait2(lab().client, pair.client_port);
  const Line half = one(take(), lab().client, pair.client_port, port);
  EXPECT_EQ(state(half), "FIN_WAIT2");
  EXPECT_FALSE(half.has("/tcp_info"));
  EXPECT_FALSE(half.has("/process"));
  pair.server.reset();
  Lines left;
  require(wait_until([&] {
            left = where(take({"--state", "time_wait"}), lab().client, pair.client_port, port);
            return !left.empty();
          }),
          "no TIME_WAIT");
  EXPECT_EQ(left.front().text("/socket/timer"), "time_wait");
  EXPECT_GT(left.front().number("/socket/timer_ms"), 50'000);
  EXPECT_LE(left.front().number("/socket/timer_ms"), 61'000);
  EXPECT_FALSE(left.front().has("/socket/inode"));
}

TEST_P(EitherSource, Ipv6) {
  const std::uint16_t port = lab().next_port();
  const Pair pair = lab().pair({kServerV6, port}, {kServerV6, port});
  const Lines lines = take({"-6", "-P", std::to_string(port)});
  EXPECT_EQ(lines.size(), 3U);
  const Line server = one(lines, lab().server, port, pair.client_port);
  EXPECT_EQ(server.text("/connection/family"), "ipv6");
  EXPECT_EQ(server.text("/connection/local"), kServerV6);
  EXPECT_EQ(server.text("/connection/peer"), kClientV6);
  EXPECT_TRUE(take({"-4", "-P", std::to_string(port)}).empty());
}

TEST_P(EitherSource, MappedAddressesAreIpv4) {
  const std::uint16_t port = lab().next_port();
  const Pair pair = lab().pair({"::", port}, {kServerV4, port});
  const Lines lines = take({"-4", "--addr", std::string(kClientV4) + "/32"});
  const Line server = one(lines, lab().server, port, pair.client_port);
  EXPECT_EQ(server.text("/connection/family"), "ipv4");
  EXPECT_TRUE(server.flag("/connection/v4_mapped"));
  EXPECT_EQ(server.text("/connection/local"), kServerV4);
  EXPECT_EQ(server.text("/connection/peer"), kClientV4);
}

TEST_P(EitherSource, OnlyTheProcessThatIsAskedFor) {
  const std::uint16_t port = lab().next_port();
  const UniqueFd listener = lab().listen(port);
  const Child child("live-snap", [&](const Channel& channel) {
    const UniqueFd client = lab().connect(port);
    channel.say("connected");
    (void)channel.hear();
  });
  child.channel().expect("connected");
  for (const auto& filter : {std::vector<std::string>{"-p", std::to_string(child.pid())},
                             std::vector<std::string>{"--comm", "live-snap"}}) {
    const Lines lines = take(filter);
    // It inherited the listener, and is the only one of its holders that is meant.
    EXPECT_EQ(
        std::ranges::count_if(
            lines, [&](const Line& line) { return line.number("/process/pid") == child.pid(); }),
        static_cast<std::ptrdiff_t>(lines.size()));
    EXPECT_EQ(
        std::ranges::count_if(lines, [&](const Line& line) { return line.peer_port() == port; }),
        1);
  }
}

TEST_P(EitherSource, OnlyTheCgroupThatIsAskedForAndWhatIsBelowIt) {
  if (!Cgroup::supported()) {
    GTEST_SKIP() << "cgroup v2 is not mounted";
  }
  const std::uint16_t port = lab().next_port();
  const UniqueFd listener = lab().listen(port);
  const std::string name = "tcptrace-live-" + std::to_string(::getpid());
  const Cgroup inner(name + "/inside");
  const Cgroup outer(name);
  Child child("live-snapcg", [&](const Channel& channel) {
    inner.enter();
    const UniqueFd client = lab().connect(port);
    channel.say("connected");
    (void)channel.hear();
  });
  child.channel().expect("connected");
  for (const Cgroup* cgroup : {&outer, &inner}) {
    const Lines lines = take({"--cgroup", cgroup->path(), "-D", std::to_string(port)});
    ASSERT_EQ(lines.size(), 1U);
    EXPECT_EQ(lines.front().number("/process/pid"), child.pid());
    EXPECT_EQ(lines.front().text("/process/cgroup"), inner.path());
    EXPECT_EQ(lines.front().number("/process/cgroup_id"), static_cast<std::int64_t>(inner.id()));
  }
  child.channel().say("end");
  child.join();
}

// Every number that time changes, and everything that netlink has no word for.
nlohmann::json comparable(const Line& line, const Line& netlink) {
  nlohmann::json json = line.json();
  json.erase("time");
  json["socket"].erase("source");
  json["socket"].erase("timer_ms");
  for (const char* key : {"idle_rx_ms", "idle_tx_ms", "orphan", "never_accepted", "mptcp"}) {
    json["connection"].erase(key);
  }
  if (json.contains("tcp_info")) {
    for (const char* key :
         {"last_data_sent_ms", "last_data_recv_ms", "last_ack_recv_ms", "sk_err", "sk_err_soft",
          "user_timeout_ms", "linger2_jiffies", "lingertime_ms", "keepalive", "repair", "timer"}) {
      json["tcp_info"].erase(key);
    }
    if (!netlink.has("/tcp_info/rcv_wnd")) {
      json["tcp_info"].erase("rcv_wnd");
    }
  }
  // Without a mounted cgroup v2 hierarchy /proc knows no id.
  if (json.contains("process") && !netlink.has("/process/cgroup_id")) {
    for (const char* key : {"cgroup_id", "cgroup", "container", "container_runtime"}) {
      json["process"].erase(key);
    }
  }
  return json;
}

class Agreement : public Snapshot {
 protected:
  // A connection with something in every counter that stands still.
  static Pair used_pair(const Endpoint& listen_on, const Endpoint& connect_to) {
    Pair pair = lab().pair(listen_on, connect_to);
    send_bytes(pair.client.get(), 5000);
    receive_bytes(pair.server.get(), 4000);
    send_bytes(pair.server.get(), 700);
    await_unread(pair.client.get(), 700);
    return pair;
  }

  static std::vector<nlohmann::json> comparable_of(const Lines& lines) {
    std::vector<nlohmann::json> all;
    std::ranges::transform(lines, std::back_inserter(all),
                           [](const Line& line) { return comparable(line, line); });
    return all;
  }

  // From netlink and from the iterator, while nothing happened: netlink says the same before and
  // after. Delayed acknowledgements and loss probes take a while.
  static std::pair<Lines, Lines> both(const std::vector<std::string>& more = {}) {
    Lines before;
    Lines iter;
    require(wait_until([&] {
              before = take("netlink", more);
              iter = take("iter", more);
              return comparable_of(before) == comparable_of(take("netlink", more));
            }),
            "the sockets never came to rest");
    return {before, iter};
  }

  static void expect_same(const Line& netlink, const Line& iter) {
    EXPECT_EQ(comparable(netlink, netlink), comparable(iter, netlink));
    constexpr std::int64_t kSlackMs = 30'000;
    for (const char* pointer : {"/socket/timer_ms", "/connection/idle_rx_ms",
                                "/connection/idle_tx_ms", "/tcp_info/last_data_sent_ms",
                                "/tcp_info/last_data_recv_ms", "/tcp_info/last_ack_recv_ms"}) {
      EXPECT_EQ(netlink.has(pointer), iter.has(pointer)) << pointer << iter;
      EXPECT_LE(std::abs(netlink.number(pointer) - iter.number(pointer)), kSlackMs) << pointer;
    }
  }
};

TEST_F(Agreement, FieldByField) {
  const std::uint16_t port = lab().next_port();
  const Pair ipv4 = used_pair({kServerV4, port}, {kServerV4, port});
  const std::uint16_t port6 = lab().next_port();
  const Pair ipv6 = used_pair({kServerV6, port6}, {kServerV6, port6});
  const std::uint16_t mapped_port = lab().next_port();
  const Pair mapped = used_pair({"::", mapped_port}, {kServerV4, mapped_port});
  const std::uint16_t closing_port = lab().next_port();
  const Pair closing = used_pair({kServerV4, closing_port}, {kServerV4, closing_port});
  ::shutdown(closing.client.get(), SHUT_WR);
  await_state(closing.client.get(), TCP_FIN_WAIT2);
  const std::uint16_t queue_port = lab().next_port();
  const UniqueFd listener = lab().listen(queue_port, 7);
  const UniqueFd waiting = lab().connect(queue_port);
  const std::uint16_t left_port = lab().next_port();
  Pair left = lab().pair(left_port);
  left.client.reset();
  await_fin_wait2(lab().client, left.client_port);
  left.server.reset();
  const auto [netlink, iter] = both();
  EXPECT_GE(netlink.size(), 17U);
  EXPECT_EQ(netlink.size(), iter.size());
  for (const Line& line : netlink) {
    expect_same(line, one(iter, line.netns() == lab().client.inode() ? lab().client : lab().server,
                          line.local_port(), line.peer_port()));
  }
}

TEST_F(Agreement, OnRequestsOfEveryFamily) {
  std::vector<UniqueFd> open;
  std::vector<std::uint16_t> ports;
  for (const auto& [listen_on, connect_to] :
       {std::pair{kServerV4, kServerV4}, std::pair{kServerV6, kServerV6},
        std::pair{"::", kServerV4}, std::pair{"::", kServerV6}}) {
    const std::uint16_t port = lab().next_port();
    open.push_back(listen_at(lab().server, {listen_on, port}));
    set_option(open.back().get(), IPPROTO_TCP, TCP_DEFER_ACCEPT, 60);
    open.push_back(connect_from(lab().client, {connect_to, port}));
    ports.push_back(port);
  }
  const auto [netlink, iter] = both({"--state", "syn_recv"});
  for (const std::uint16_t port : ports) {
    const auto of_port = [&](const Line& line) { return line.local_port() == port; };
    const auto asked = std::ranges::find_if(netlink, of_port);
    const auto listed = std::ranges::find_if(iter, of_port);
    ASSERT_TRUE(asked != netlink.end() && listed != iter.end()) << port;
    expect_same(*asked, *listed);
  }
}

}  // namespace
}  // namespace tcptrace::live
