// SPDX-License-Identifier: GPL-2.0
// What `probe` says of servers that answer, of those that do not, and of where the time went.

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/text.h"
#include "stress/command.h"
#include "stress/nft.h"
#include "support/instead.h"
#include "support/lab_test.h"
#include "support/served.h"
#include "support/subcommand.h"

namespace tcptrace::live {
namespace {

using Words = std::vector<std::string>;

class Probe : public LabTest {
 protected:
  void SetUp() override { skip_unless_auto("a probe hooks nothing"); }

  static std::string at(std::uint16_t port) { return host_and_port(kServerV4, port); }
  static Words words(const std::string& target, const Words& more) {
    Words all{"probe", target};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
  // From the client's namespace; ends with a summary.
  static SubcommandEnd probe(const std::string& target, const Words& more = {"-c", "1"},
                             const SubcommandOptions& how = {}) {
    SubcommandEnd end = Subcommand(lab().client, words(target, more), how).join();
    require(!end.lines.empty(), ("no line: " + end.error).c_str());
    EXPECT_EQ(end.last().type(), "probe_summary");
    return end;
  }
  // The one attempt of a probe that did not succeed.
  static Line failed_attempt(const std::string& target, const Words& more = {"-c", "1"}) {
    const SubcommandEnd end = probe(target, more);
    EXPECT_EQ(end.status, 1);
    EXPECT_EQ(end.last().number("/succeeded"), 0);
    EXPECT_EQ(end.lines.size(), 2U);
    return end.lines.front();
  }
  static std::string explanation(const Line& line) {
    std::string all;
    for (const auto& sentence : line.json().value("explanation", nlohmann::json::array())) {
      all += sentence.get<std::string>() + "\n";
    }
    return all;
  }
  // What play() returns. The kernel's timers count ticks: to a processor that was held up they come
  // late, all at once, and it is late with everything. What is not `good` is played again.
  template <typename Play, typename Good>
  static Line again_until(const Play& play, const Good& good) {
    Line line = play();
    for (int again = 0; again < 4 && !good(line); ++again) {
      line = play();
    }
    return line;
  }
  static bool has(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
  }
};

TEST_F(Probe, EveryConnectHasItsTimeAndTheKernels) {
  Served server(lab(), {});
  const SubcommandEnd end = probe(at(server.port()), {"-c", "5", "-i", "20ms"});
  EXPECT_EQ(end.status, 0);
  ASSERT_EQ(end.lines.size(), 6U);
  for (int i = 0; i < 5; ++i) {
    const Line& line = end.lines[static_cast<std::size_t>(i)];
    EXPECT_EQ(line.number("/number"), i + 1);
    EXPECT_EQ(line.text("/outcome"), "connected");
    EXPECT_EQ(line.text("/address"), kServerV4);
    EXPECT_GT(line.real("/rtt_ms"), 0);
    EXPECT_GE(line.real("/connect_ms"), line.real("/rtt_ms"));
    EXPECT_FALSE(line.has("/resolve_ms")) << "an address is no name";
  }
  EXPECT_GE(end.last().real("/duration_ms"), 80);
  EXPECT_EQ(end.last().number("/outcomes/connected"), 5);
  EXPECT_EQ(end.last().number("/connect/count"), 5);
  EXPECT_EQ(end.last().text("/ended_by"), "count");
  const Line totals = server.stop().last();
  EXPECT_EQ(totals.number("/accepted"), 5);
  EXPECT_EQ(totals.number("/closed_by_peer"), 5);
}

TEST_F(Probe, Ipv6) {
  const Served server(lab(), {});
  const Line line = probe(host_and_port(kServerV6, server.port())).lines.front();
  EXPECT_EQ(line.text("/outcome"), "connected");
  EXPECT_EQ(line.text("/address"), kServerV6);
}

TEST_F(Probe, ADroppedSynIsTheSecond) {
  const Served server(lab(), {});
  const Line line = again_until(
      [&server] {
        const Nft drop(lab().server, "input",
                       to_port(server.port(), "limit rate 1/day burst 1 packets drop"));
        return probe(at(server.port())).lines.front();
      },
      [](const Line& played) { return played.real("/connect_ms") >= 1000; });
  EXPECT_EQ(line.text("/outcome"), "connected");
  EXPECT_EQ(line.number("/syn_retransmits"), 1);
  EXPECT_GE(line.real("/connect_ms"), 1000);
  EXPECT_TRUE(has(explanation(line), "= 1 retransmitted SYN (1.0 s initial RTO, RFC 6298) + "))
      << explanation(line);
}

TEST_F(Probe, Refused) {
  const Line line = failed_attempt(at(lab().next_port()));
  EXPECT_EQ(line.text("/outcome"), "refused");
  EXPECT_EQ(line.text("/errno"), "ECONNREFUSED");
  EXPECT_EQ(line.text("/phase"), "connect");
  EXPECT_TRUE(has(explanation(line), "nobody listens"));
}

TEST_F(Probe, TimedOutAfterExactlyThatTime) {
  const std::uint16_t port = lab().next_port();
  const Nft drop(lab().server, "input", to_port(port));
  const double latest_ms = 300 + static_cast<double>(scaled(100ms).count());
  const Line line = again_until(
      [port] {
        return failed_attempt(at(port), {"-c", "1", "--timeout", "300ms"});
      },
      [=](const Line& played) { return played.real("/connect_ms") <= latest_ms; });
  EXPECT_EQ(line.text("/outcome"), "timed_out");
  EXPECT_FALSE(line.has("/errno"));
  EXPECT_GE(line.real("/connect_ms"), 300);
  EXPECT_LE(line.real("/connect_ms"), latest_ms);
  EXPECT_TRUE(has(explanation(line), "nothing answered 1 SYN:")) << explanation(line);
}

TEST_F(Probe, UnreachableWithoutARoute) {
  const Line line = failed_attempt("192.0.2.1:80");
  EXPECT_EQ(line.text("/outcome"), "unreachable");
  EXPECT_EQ(line.text("/errno"), "ENETUNREACH");
}

TEST_F(Probe, UnreachableByIcmp) {
  const std::uint16_t port = lab().next_port();
  const Nft reject(lab().server, "input", to_port(port, "reject with icmp type host-unreachable"));
  const Line line = failed_attempt(at(port));
  EXPECT_EQ(line.text("/outcome"), "unreachable");
  EXPECT_EQ(line.text("/errno"), "EHOSTUNREACH");
}

TEST_F(Probe, NotPermittedByARouteOfThisHost) {
  const InNetns inside(lab().client);
  run_or_throw({"ip", "route", "add", "prohibit", "198.51.100.0/24"});
  const Line line = failed_attempt("198.51.100.1:80");
  EXPECT_EQ(line.text("/outcome"), "not_permitted");
  EXPECT_EQ(line.text("/errno"), "EACCES");
  EXPECT_TRUE(has(explanation(line), "this host forbids it"));
}

TEST_F(Probe, NoFreePort) {
  const Served server(lab(), {});
  const Sysctl one(lab().client, "ip_local_port_range", "40000 40000");
  const UniqueFd taken = connect_from(lab().client, {kServerV4, server.port()});
  const Line line = failed_attempt(at(server.port()));
  EXPECT_EQ(line.text("/outcome"), "no_port");
  EXPECT_EQ(line.text("/errno"), "EADDRNOTAVAIL");
}

TEST_F(Probe, ResetAfterTheConnect) {
  Served server(lab(), {"--close-unread"});
  const Line line = failed_attempt(at(server.port()), {"-c", "1", "--send", "request"});
  EXPECT_EQ(line.text("/outcome"), "reset");
  EXPECT_EQ(line.text("/phase"), "first_byte");
  EXPECT_EQ(line.text("/errno"), "ECONNRESET");
  EXPECT_GT(line.real("/rtt_ms"), 0) << "the handshake was fine";
  EXPECT_EQ(server.stop().last().number("/closed_by_us/close_unread"), 1);
}

TEST_F(Probe, ClosedWithoutAByte) {
  const Served server(lab(), {"--mode", "discard", "--idle-timeout", "100ms"});
  const Line line = failed_attempt(at(server.port()), {"-c", "1", "--first-byte"});
  EXPECT_EQ(line.text("/outcome"), "closed");
  EXPECT_EQ(line.text("/phase"), "first_byte");
}

TEST_F(Probe, ConnectedButNotAnswered) {
  const Served server(lab(), {"--half-open"});
  const Line line =
      failed_attempt(at(server.port()), {"-c", "1", "--send", "x", "--timeout", "200ms"});
  EXPECT_EQ(line.text("/outcome"), "timed_out");
  EXPECT_EQ(line.text("/phase"), "first_byte");
  EXPECT_LT(line.real("/connect_ms"), 200);
  EXPECT_TRUE(has(explanation(line), "has not answered"));
}

TEST_F(Probe, TheFirstByteOfASlowServer) {
  const double latest_ms = 200 + static_cast<double>(scaled(150ms).count());
  const Line line = again_until(
      [] {
        Served server(lab(), {"--mode", "http", "--respond-delay", "200ms"});
        const SubcommandEnd end = probe(at(server.port()), {"-c", "1", "--http", "/"});
        EXPECT_EQ(end.status, 0);
        EXPECT_EQ(server.stop().last().number("/requests"), 1);
        return end.lines.front();
      },
      [=](const Line& played) { return played.real("/first_byte_ms") <= latest_ms; });
  EXPECT_GE(line.real("/first_byte_ms"), 200);
  EXPECT_LE(line.real("/first_byte_ms"), latest_ms);
  EXPECT_TRUE(has(explanation(line), "the server needed the rest")) << explanation(line);
}

TEST_F(Probe, FallsOverToTheNextAddressAndSaysSo) {
  const Instead hosts("/etc/hosts",
                      std::string(kServerV6) + " two.test\n" + kServerV4 + " two.test\n");
  const Served server(lab(), {"--idle-timeout", "1m"});
  const Nft reject(lab().server, "input", "meta nfproto ipv6 tcp flags syn reject with tcp reset");
  const std::string target = "two.test:" + std::to_string(server.port());
  const SubcommandEnd end = probe(target, {"-c", "1"}, {.wrapper = hosts.wrapper()});
  EXPECT_EQ(end.status, 0) << end.error;
  const Line& line = end.lines.front();
  EXPECT_EQ(line.text("/address"), kServerV4);
  EXPECT_EQ(line.text("/before/0/address"), kServerV6);
  EXPECT_EQ(line.text("/before/0/outcome"), "refused");
  EXPECT_TRUE(line.has("/resolve_ms"));
  EXPECT_EQ(end.last().number("/fallen"), 1);
  const SubcommandEnd all =
      probe(target, {"-c", "2", "-i", "1ms", "--all-addresses"}, {.wrapper = hosts.wrapper()});
  EXPECT_EQ(all.last().number("/attempts"), 4);
  EXPECT_EQ(all.last().number("/succeeded"), 2);
  EXPECT_EQ(all.last().json()["addresses"].size(), 2U);
  const SubcommandEnd six = probe(target, {"-c", "1", "-6"}, {.wrapper = hosts.wrapper()});
  EXPECT_EQ(six.status, 1);
  EXPECT_FALSE(six.lines.front().has("/before"));
}

TEST_F(Probe, ANameServerThatDoesNotAnswerIsATimeout) {
  const Instead resolver("/etc/resolv.conf", std::string("nameserver ") + kServerV4 +
                                                 "\noptions timeout:1 attempts:1\n");
  const Nft drop(lab().server, "input", "udp dport 53 drop");
  const Line line = probe("db.test:80", {"-c", "1"}, {.wrapper = resolver.wrapper()}).lines.front();
  EXPECT_EQ(line.text("/outcome"), "not_resolved");
  EXPECT_EQ(line.text("/phase"), "resolve");
  EXPECT_GE(line.real("/resolve_ms"), 1000);
  EXPECT_TRUE(has(explanation(line), "resolver timeout")) << explanation(line);
}

TEST_F(Probe, ASignalEndsItAtOnce) {
  const std::uint16_t port = lab().next_port();
  const Nft drop(lab().server, "input", to_port(port));
  const std::uint64_t before = lab().client.counter("Tcp", "OutSegs");
  Subcommand process(lab().client, words(at(port), {"-c", "0", "--timeout", "1m"}));
  ASSERT_TRUE(wait_until([&] { return lab().client.counter("Tcp", "OutSegs") > before; }));
  const auto start = Clock::now();
  const SubcommandEnd end = process.stop(SIGTERM);
  EXPECT_LE(Clock::now() - start, scaled(500ms));
  EXPECT_EQ(end.status, 0) << "no attempt had ended";
  EXPECT_EQ(end.last().text("/ended_by"), "signal");
  EXPECT_EQ(end.last().number("/attempts"), 0);
}

TEST_F(Probe, ANameThatNobodyKnowsIsBadInput) {
  const Instead files_only("/etc/nsswitch.conf", "hosts: files\n");
  const SubcommandEnd end =
      Subcommand(lab().client, {"probe", "nobody.test:80"}, {.wrapper = files_only.wrapper()})
          .join();
  EXPECT_EQ(end.status, 2);
  EXPECT_TRUE(end.lines.empty());
  EXPECT_TRUE(has(end.error, "cannot resolve \"nobody.test\"")) << end.error;
}

}  // namespace
}  // namespace tcptrace::live
