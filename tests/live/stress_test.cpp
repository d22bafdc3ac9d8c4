// SPDX-License-Identifier: GPL-2.0
// What `tcptrace stress` says of a load, beside the kernel's own counters and the server's.
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "stress/command.h"
#include "stress/nft.h"
#include "stress/server.h"
#include "support/environment.h"
#include "support/instead.h"
#include "support/lab_test.h"
#include "support/subcommand.h"
#include "support/tracer.h"

namespace tcptrace::live {
namespace {

using nlohmann::json;
using Words = std::vector<std::string>;

// What was counted in a namespace since this was made.
class Counters {
 public:
  explicit Counters(const Netns& netns) : netns_(netns) {
    for (const char* name : kNames) {
      before_[name] = netns.counter("Tcp", name);
    }
  }
  std::uint64_t operator[](const std::string& name) const {
    return netns_.counter("Tcp", name) - before_.at(name);
  }

 private:
  static constexpr std::array kNames{"ActiveOpens", "AttemptFails", "EstabResets", "OutRsts"};
  const Netns& netns_;
  std::map<std::string, std::uint64_t> before_;
};

// The one server of the tests that need one that works.
class RunningServer {
 public:
  explicit RunningServer(
      const Netns& netns,
      const std::function<void(model::ServeConfig&)>& change = [](model::ServeConfig&) {})
      : server_(start(netns, change)) {}

  [[nodiscard]] std::uint16_t port() const { return server_.addresses().front().port; }
  [[nodiscard]] model::ServeCounts counts() const { return server_.counts(); }
  // Once every connection is gone.
  [[nodiscard]] model::ServeCounts final_counts() const {
    require(wait_until([this] { return counts().open == 0; }), "connections stay open");
    return counts();
  }

 private:
  static Server start(const Netns& netns, const std::function<void(model::ServeConfig&)>& change) {
    model::ServeConfig config;
    change(config);
    const InNetns in(netns);
    auto server = Server::start(config, [](int) {});
    if (!server) {
      throw std::runtime_error(server.error().what);
    }
    return std::move(*server);
  }

  Server server_;
};

// Says the same to everybody, whatever it is asked, and closes.
class CannedServer {
 public:
  CannedServer(const Lab& lab, std::uint16_t port, std::string answer)
      : listener_(lab.listen(port)), thread_([this, text = std::move(answer)] { serve(text); }) {}
  ~CannedServer() {
    ::shutdown(listener_.get(), SHUT_RDWR);
    thread_.join();
  }
  CannedServer(const CannedServer&) = delete;
  CannedServer& operator=(const CannedServer&) = delete;

 private:
  void serve(const std::string& answer) const {
    for (;;) {
      const UniqueFd fd(::accept(listener_.get(), nullptr, nullptr));
      if (!fd.valid()) {
        return;
      }
      std::array<char, 4096> request{};
      (void)::recv(fd.get(), request.data(), request.size(), 0);
      (void)::send(fd.get(), answer.data(), answer.size(), MSG_NOSIGNAL);
    }
  }

  UniqueFd listener_;
  std::thread thread_;
};

class Stress : public LabTest {
 protected:
  void SetUp() override { skip_unless_auto("a load hooks nothing"); }

  static Words stress(const Words& words) {
    Words all{"stress", "-v", "-q", "--yes"};
    all.insert(all.end(), words.begin(), words.end());
    return all;
  }
  static json load(const Words& words, const Words& wrapper = {}) {
    return load_in(lab().client, words, wrapper);
  }
  static json load_in(const Netns& netns, const Words& words, const Words& wrapper = {}) {
    return results(Subcommand(netns, stress(words), {.wrapper = wrapper}).join());
  }
  static json results(const SubcommandEnd& end) {
    EXPECT_EQ(end.status, 0) << end.error;
    require(!end.lines.empty(), ("no results: " + end.error).c_str());
    return end.last().json();
  }

  static void expect_connections(const json& result, std::uint64_t succeeded,
                                 std::uint64_t failed) {
    EXPECT_EQ(result["connections"]["succeeded"], succeeded) << result;
    EXPECT_EQ(result["connections"]["failed"], failed) << result;
    EXPECT_EQ(result["connections"]["unfinished"], 0) << result;
  }

  static json failure(const char* phase, const char* kind, const char* what, int count) {
    return {{"phase", phase}, {kind, what}, {"count", count}};
  }
};

TEST_F(Stress, CountsAreThoseOfTheKernelAndOfTheServer) {
  const RunningServer server(lab().server);
  const Counters client(lab().client);
  const json result = load({"-n", "500", "-c", "20", "--payload", "3000", "--requests", "4",
                            host_and_port(kServerV4, server.port())});
  expect_connections(result, 500, 0);
  EXPECT_EQ(result["connections"]["attempts"], 500);
  EXPECT_EQ(result["connections"]["established"], 500);
  EXPECT_EQ(result["traffic"]["requests"], 2000);
  EXPECT_EQ(result["traffic"]["bytes_sent"], 6'000'000);
  EXPECT_EQ(result["traffic"]["bytes_received"], 6'000'000);
  EXPECT_EQ(result["latency"]["connect"]["count"], 500);
  EXPECT_EQ(result["latency"]["request"]["count"], 2000);
  EXPECT_EQ(result["failures"], json::array());
  EXPECT_EQ(result["ended_by"], "total");
  EXPECT_EQ(client["ActiveOpens"], 500U);
  EXPECT_EQ(client["AttemptFails"] + client["OutRsts"], 0U);
  const model::ServeCounts served = server.final_counts();
  EXPECT_EQ(served.accepted, 500U);
  EXPECT_EQ(served.closed_by_peer, 500U);
  EXPECT_EQ(served.bytes_received, 6'000'000U);
}

TEST_F(Stress, Ipv6) {
  const RunningServer server(lab().server,
                             [](model::ServeConfig& config) { config.host = kServerV6; });
  const Counters client(lab().client);
  const json result =
      load({"-n", "20", "--payload", "10", host_and_port("fd77::2", server.port())});
  expect_connections(result, 20, 0);
  EXPECT_EQ(result["target"]["addresses"], json::array({host_and_port("fd77::2", server.port())}));
  EXPECT_EQ(client["ActiveOpens"], 20U);
}

TEST_F(Stress, HttpWithKeepAliveChecksEveryAnswer) {
  const RunningServer server(lab().server, [](model::ServeConfig& config) {
    config.mode = model::ServeMode::kHttp;
    config.body_bytes = 70'000;
  });
  const json result = load({"-n", "50", "-c", "10", "--http", "/x", "--requests", "6",
                            host_and_port(kServerV4, server.port())});
  expect_connections(result, 50, 0);
  EXPECT_EQ(result["traffic"]["requests"], 300);
  EXPECT_GT(result["traffic"]["bytes_received"], 300 * 70'000);
  const model::ServeCounts served = server.final_counts();
  EXPECT_EQ(served.accepted, 50U);
  EXPECT_EQ(served.requests, 300U);
  EXPECT_EQ(served.closed_by_us[static_cast<std::size_t>(model::ServeClose::kAsked)], 50U)
      << "the last request of each asks for the close";
}

TEST_F(Stress, AnswersThatAreWrongFailTheirConnection) {
  struct Case {
    const char* answer;
    Words work;
    const char* check;
  };
  for (const Case& one : std::vector<Case>{
           {"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n", {"--http", "/"}, "http_status"},
           {"SSH-2.0-OpenSSH_9.2\r\n", {"--http", "/"}, "no_http"},
           {"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort", {"--http", "/"}, "closed_early"},
           {"HTTP/1.1 200 OK\r\n\r\n", {"--http", "/", "--requests", "2"}, "closed_early"},
           {"xyz", {"--payload", "3"}, "wrong_echo"},
           {"", {"--payload", "3"}, "closed_early"}}) {
    const std::uint16_t port = lab().next_port();
    const CannedServer server(lab(), port, one.answer);
    Words words = {"-n", "5", "-c", "1", host_and_port(kServerV4, port)};
    words.insert(words.end(), one.work.begin(), one.work.end());
    const json result = load(words);
    expect_connections(result, 0, 5);
    EXPECT_EQ(result["failures"], json::array({failure("receive", "check", one.check, 5)}));
  }
}

TEST_F(Stress, AnAnswerWithoutALengthEndsWithItsConnection) {
  const std::uint16_t port = lab().next_port();
  const CannedServer server(lab(), port, "HTTP/1.0 200 OK\r\n\r\nuntil the end");
  for (const char* style : {"fin", "half-close"}) {
    expect_connections(load({"-n", "5", "-c", "1", "--http", "/", "--close", style,
                             host_and_port(kServerV4, port)}),
                       5, 0);
  }
}

TEST_F(Stress, RefusedConnectsAreKeptWithTheirPorts) {
  const std::uint16_t port = lab().next_port();
  const Counters client(lab().client);
  const json result = load({"-n", "40", "-c", "8", host_and_port(kServerV4, port)});
  expect_connections(result, 0, 40);
  EXPECT_EQ(result["failures"], json::array({failure("connect", "errno", "ECONNREFUSED", 40)}));
  EXPECT_EQ(client["ActiveOpens"], 40U);
  EXPECT_EQ(client["AttemptFails"], 40U);
  ASSERT_EQ(result["failed"].size(), 40U);
  std::set<int> ports;
  for (const json& failed : result["failed"]) {
    EXPECT_EQ(failed["local"], kClientV4);
    EXPECT_EQ(failed["peer"], kServerV4);
    EXPECT_EQ(failed["peer_port"], port);
    ports.insert(failed["local_port"].get<int>());
  }
  EXPECT_FALSE(ports.contains(0));
  EXPECT_GT(ports.size(), 1U);
}

// The end of the handshake and the peer's FIN in one event: the process stood still meanwhile.
TEST_F(Stress, AnEndThatComesWithTheHandshakeIsSeen) {
  const std::uint16_t port = lab().next_port();
  const UniqueFd listener = lab().listen(port);
  std::optional<Nft> drop(std::in_place, lab().server, "input", to_port(port));
  const std::uint64_t before = lab().client.counter("Tcp", "OutSegs");
  Subcommand process(
      lab().client, stress({"-n", "1", "-c", "1", "--hold", "5s", host_and_port(kServerV4, port)}));
  ASSERT_TRUE(wait_until([&] { return lab().client.counter("Tcp", "OutSegs") > before; }));
  process.signal(SIGSTOP);
  drop.reset();
  accept_from(listener.get()).reset();
  await_fin_wait2(lab().server, port);
  process.signal(SIGCONT);
  const json result = results(process.join());
  expect_connections(result, 0, 1);
  EXPECT_EQ(result["failures"], json::array({failure("receive", "check", "closed_early", 1)}));
}

TEST_F(Stress, ABlackHoleTimesOutEveryConnect) {
  const std::uint16_t port = lab().next_port();
  const Nft hole(lab().server, "input", to_port(port));
  const Counters client(lab().client);
  const json result =
      load({"-n", "60", "-c", "30", "--connect-timeout", "400ms", host_and_port(kServerV4, port)});
  expect_connections(result, 0, 60);
  EXPECT_EQ(result["failures"], json::array({failure("connect", "errno", "ETIMEDOUT", 60)}));
  EXPECT_EQ(client["ActiveOpens"], 60U);
  EXPECT_GE(result["duration_ms"], 800.0) << "twice thirty at once";
  EXPECT_EQ(result["latency"], json::object()) << "none was established";
  EXPECT_EQ(result["failed"].size(), 60U);
}

TEST_F(Stress, AListenerWithAFullQueueTimesOut) {
  const std::uint16_t port = lab().next_port();
  const UniqueFd listener = lab().listen(port, 0);
  const UniqueFd first = lab().connect(port);
  await_connection(listener.get());  // the queue is full now, and SYNs are dropped
  const json result =
      load({"-n", "5", "--connect-timeout", "300ms", host_and_port(kServerV4, port)});
  expect_connections(result, 0, 5);
  EXPECT_EQ(result["failures"], json::array({failure("connect", "errno", "ETIMEDOUT", 5)}));
}

// The one cause that the trace beside the load has for all its failures; here the kernel may have
// hidden a few. What it hides at one end, the other tells: the same cause, seen from there.
json only_cause(const json& result, int failures) {
  const json& diagnosis = result["diagnosis"];
  const int lost = diagnosis["lost"];
  if (!preemption_hides_events()) {
    EXPECT_EQ(lost, 0) << result;
  }
  if (!diagnosis.contains("causes") || diagnosis["causes"].empty() ||
      (lost == 0 && diagnosis["causes"].size() != 1)) {
    ADD_FAILURE() << result;
    return json::object();
  }
  const json& causes = diagnosis["causes"];
  int told = 0;
  for (const json& cause : causes) {
    EXPECT_EQ(cause["cause"], causes[0]["cause"]) << result;
    told += cause["count"].get<int>();
  }
  const int untold = diagnosis["untold"];
  EXPECT_EQ(told + untold, failures) << result;
  EXPECT_GE(told + lost, exact_counts() ? failures : failures * 9 / 10) << result;
  return causes[0];
}

TEST_F(Stress, ATraceBesideItSaysWhyConnectsAreRefused) {
  const json result = load({"--trace", "-n", "40", host_and_port(kServerV4, lab().next_port())});
  const json cause = only_cause(result, 40);
  EXPECT_EQ(cause["cause"], "connection_refused");
  EXPECT_EQ(cause["phase"], "connect");
  EXPECT_EQ(cause["errno"], "ECONNREFUSED");
}

TEST_F(Stress, ATraceBesideItSaysWhyTheServerReset) {
  const RunningServer server(lab().server,
                             [](model::ServeConfig& config) { config.close_unread = true; });
  const json result =
      load({"--trace", "-n", "40", "--payload", "10", host_and_port(kServerV4, server.port())});
  const json cause = only_cause(result, 40);
  EXPECT_EQ(cause["cause"], "close_with_unread_data");
  EXPECT_EQ(cause["phase"], "receive");
  EXPECT_TRUE(cause.contains("at_peer")) << cause;
}

TEST_F(Stress, ATraceBesideItSaysThatAQueueWasFull) {
  const std::uint16_t port = lab().next_port();
  const UniqueFd listener = lab().listen(port, 0);
  const UniqueFd first = lab().connect(port);
  await_connection(listener.get());
  // Long enough for a look at the listeners while it is full.
  const json result = load({"--trace", "-n", "10", "-c", "10", "--connect-timeout", "800ms",
                            host_and_port(kServerV4, port)});
  const json cause = only_cause(result, 10);
  EXPECT_EQ(cause["cause"], "accept_queue_overflow");
  EXPECT_EQ(cause["errno"], "ETIMEDOUT");
  EXPECT_EQ(cause["count"], 10) << "the queue is there to be seen, whatever the kernel hides";
}

TEST_F(Stress, ATraceBesideItBlamesNoQueueThatHasRoom) {
  const std::uint16_t port = lab().next_port();
  const UniqueFd listener = lab().listen(port);
  const Nft hole(lab().server, "input", to_port(port));
  const json result = load({"--trace", "-n", "20", "-c", "20", "--connect-timeout", "400ms",
                            host_and_port(kServerV4, port)});
  EXPECT_EQ(only_cause(result, 20)["cause"], "connect_abandoned");
}

TEST_F(Stress, AServerThatNeverAnswersTimesOutInReceive) {
  const RunningServer server(lab().server,
                             [](model::ServeConfig& config) { config.half_open = true; });
  const json result = load({"-n", "6", "--payload", "10", "--timeout", "300ms",
                            host_and_port(kServerV4, server.port())});
  expect_connections(result, 0, 6);
  EXPECT_EQ(result["failures"], json::array({failure("receive", "errno", "ETIMEDOUT", 6)}));
}

TEST_F(Stress, AServerThatResetsIsAFailureOfReceive) {
  const RunningServer server(lab().server,
                             [](model::ServeConfig& config) { config.close_unread = true; });
  const json result =
      load({"-n", "10", "-c", "1", "--payload", "100", host_and_port(kServerV4, server.port())});
  expect_connections(result, 0, 10);
  EXPECT_EQ(result["failures"], json::array({failure("receive", "errno", "ECONNRESET", 10)}));
}

TEST_F(Stress, ANameFallsOverToItsNextAddress) {
  const RunningServer server(lab().server,
                             [](model::ServeConfig& config) { config.host = kServerV4; });
  const Instead hosts("/etc/hosts",
                      std::string(kServerV4) + " two.test\n" + kServerV6 + " two.test\n");
  const Counters client(lab().client);
  const json result = load({"-n", "25", host_and_port("two.test", server.port())}, hosts.wrapper());
  expect_connections(result, 25, 0);
  // glibc puts IPv6 first.
  EXPECT_EQ(result["target"]["addresses"], json::array({host_and_port("fd77::2", server.port()),
                                                        host_and_port(kServerV4, server.port())}));
  EXPECT_EQ(result["connections"]["attempts"], 50);
  EXPECT_EQ(result["connections"]["fallovers"], 25);
  EXPECT_EQ(result["failures"], json::array({failure("connect", "errno", "ECONNREFUSED", 25)}));
  EXPECT_EQ(client["ActiveOpens"], 50U);
  EXPECT_EQ(client["AttemptFails"], 25U);
  EXPECT_EQ(server.final_counts().accepted, 25U);
  expect_connections(
      load({"-n", "4", "-4", host_and_port("two.test", server.port())}, hosts.wrapper()), 4, 0);
}

TEST_F(Stress, SourceAddressesMultiplyThePorts) {
  loopback_up(lab().client);
  const RunningServer server(lab().client,
                             [](model::ServeConfig& config) { config.host = "127.0.0.1"; });
  const Sysctl ports(lab().client, "ip_local_port_range", "40000 40009");
  const Words held = {"-n",      "40",     "-c",
                      "40",      "--hold", "2s",
                      "--close", "rst",    host_and_port("127.0.0.1", server.port())};
  const SubcommandEnd refused = Subcommand(lab().client, stress(held)).join();
  EXPECT_EQ(refused.status, 2);
  EXPECT_TRUE(refused.lines.empty());
  EXPECT_EQ(refused.error,
            "tcptrace: --connections: 40 at once need as many local ports, and there are 10; give "
            "more --source addresses, or widen net.ipv4.ip_local_port_range\n");
  Words sourced = held;
  sourced.insert(sourced.end(), {"--source", "127.0.1.1,127.0.1.2,127.0.2.0/31"});
  expect_connections(load_in(lab().client, sourced), 40, 0);
  EXPECT_EQ(server.final_counts().max_open, 40U);
}

TEST_F(Stress, SourceAddressesTakeTurns) {
  loopback_up(lab().client);
  const json result = load_in(lab().client, {"-n", "12", "--source", "127.0.1.0/29",
                                             host_and_port("127.0.0.1", lab().next_port())});
  std::map<std::string, int> used;
  for (const json& failed : result["failed"]) {
    ++used[failed["local"].get<std::string>()];
  }
  EXPECT_EQ(used, (std::map<std::string, int>{{"127.0.1.1", 2},
                                              {"127.0.1.2", 2},
                                              {"127.0.1.3", 2},
                                              {"127.0.1.4", 2},
                                              {"127.0.1.5", 2},
                                              {"127.0.1.6", 2}}));
}

TEST_F(Stress, CloseStylesAreWhatTheKernelSees) {
  for (const std::string style : {"fin", "rst", "half-close"}) {
    const RunningServer server(lab().server);
    const Counters client(lab().client);
    expect_connections(load({"-n", "30", "--payload", "5", "--close", style,
                             host_and_port(kServerV4, server.port())}),
                       30, 0);
    const std::uint64_t resets = style == "rst" ? 30 : 0;
    EXPECT_EQ(client["OutRsts"], resets) << style;
    EXPECT_EQ(client["EstabResets"], resets) << style;
    const model::ServeCounts served = server.final_counts();
    EXPECT_EQ(served.resets_received, resets) << style;
    EXPECT_EQ(served.closed_by_peer, 30 - resets) << style;
  }
}

TEST_F(Stress, AHalfCloseThatIsNotAnsweredIsAFailureOfClose) {
  const RunningServer server(lab().server,
                             [](model::ServeConfig& config) { config.half_open = true; });
  const json result = load({"-n", "4", "--close", "half-close", "--timeout", "300ms",
                            host_and_port(kServerV4, server.port())});
  expect_connections(result, 0, 4);
  EXPECT_EQ(result["failures"], json::array({failure("close", "errno", "ETIMEDOUT", 4)}));
}

TEST_F(Stress, ARateIsKeptAndTimeCountsFromTheSchedule) {
  const RunningServer server(lab().server);
  const json result =
      load({"-r", "500", "-d", "2s", "--payload", "10", host_and_port(kServerV4, server.port())});
  const json& connections = result["connections"];
  const std::uint64_t begun = connections["succeeded"].get<std::uint64_t>() +
                              connections["unfinished"].get<std::uint64_t>() +
                              connections["overdue"].get<std::uint64_t>();
  EXPECT_EQ(begun, 1000U) << result;
  EXPECT_EQ(result["latency"]["from_schedule"]["count"], connections["succeeded"]);
  EXPECT_EQ(result["ended_by"], "duration");
}

TEST_F(Stress, AServerThatIsTooSlowShowsInTheTimeFromTheSchedule) {
  const RunningServer server(lab().server, [](model::ServeConfig& config) {
    config.respond_delay = std::chrono::milliseconds(100);
  });
  // Ten a second are answered, and a hundred are due.
  const json result = load({"-r", "100", "-c", "1", "-n", "20", "--payload", "1",
                            host_and_port(kServerV4, server.port())});
  expect_connections(result, 20, 0);
  EXPECT_LT(result["latency"]["request"]["p50_ms"], 500.0);
  EXPECT_GT(result["latency"]["from_schedule"]["max_ms"], 1700.0);
}

TEST_F(Stress, ASignalEndsItWithTheResultsSoFar) {
  const RunningServer server(lab().server);
  const auto process = std::make_unique<Subcommand>(
      lab().client,
      stress({"-c", "100", "--hold", "1h", "-d", "1h", host_and_port(kServerV4, server.port())}));
  require(wait_until([&] { return server.counts().open == 100; }), "not all are held");
  const json result = results(process->stop());
  EXPECT_EQ(result["ended_by"], "SIGINT");
  expect_connections(result, 100, 0);
  EXPECT_EQ(server.final_counts().closed_by_peer, 100U);
}

TEST_F(Stress, TooManyConnectionsForTheOpenFilesAreRefused) {
  const SubcommandEnd end =
      Subcommand(lab().client, stress({"-c", "1000", host_and_port(kServerV4, 9)}),
                 {.wrapper = {"sh", "-c", "ulimit -n 500; exec \"$@\"", "sh"}})
          .join();
  EXPECT_EQ(end.status, 2);
  EXPECT_NE(end.error.find("1,000 at once need 1,03"), std::string::npos) << end.error;
}

constexpr unsigned kHeldByOne = 15'000;

bool may_open(unsigned count) {
  rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  return files.rlim_max >= count + 1000;
}

// As many as one process may have, until it is told to end.
Words holding(Subcommand& server) {
  return {"stress",
          "-q",
          "--yes",
          "-r",
          "2000",
          "-c",
          std::to_string(kHeldByOne),
          "--hold",
          "1h",
          "-d",
          "1h",
          host_and_port(kServerV4,
                        static_cast<std::uint16_t>(server.next().number("/addresses/0/port")))};
}

TEST_F(Stress, OneProcessHoldsFifteenThousand) {
  if (!may_open(kHeldByOne)) {
    GTEST_SKIP() << "the hard limit of open files is too low";
  }
  Subcommand server(lab().server, {"serve", "0"});
  Subcommand process(lab().client, holding(server));
  require(wait_until([&] { return lab().client.counter("Tcp", "CurrEstab") == kHeldByOne; }, 60s),
          "not all are held");
  expect_connections(results(process.stop()), kHeldByOne, 0);
  EXPECT_EQ(server.stop().last().number("/max_open"), kHeldByOne);
}

TEST_F(Stress, SeveralProcessesHoldAHundredThousand) {
  if (!may_open(kHeldByOne)) {
    GTEST_SKIP() << "the hard limit of open files is too low";
  }
  constexpr unsigned kProcesses = 7;
  std::vector<std::unique_ptr<Subcommand>> servers;
  std::vector<std::unique_ptr<Subcommand>> loads;
  for (unsigned i = 0; i < kProcesses; ++i) {
    servers.push_back(std::make_unique<Subcommand>(lab().server, Words{"serve", "0"}));
    loads.push_back(std::make_unique<Subcommand>(lab().client, holding(*servers.back())));
  }
  constexpr std::uint64_t kAll = std::uint64_t{kProcesses} * kHeldByOne;
  static_assert(kAll >= 100'000);
  require(wait_until([&] { return lab().client.counter("Tcp", "CurrEstab") == kAll; }, 120s),
          "not all are held");
  for (const auto& process : loads) {
    expect_connections(results(process->stop()), kHeldByOne, 0);
  }
}

}  // namespace
}  // namespace tcptrace::live
