// SPDX-License-Identifier: GPL-2.0
// Each behaviour of `serve`, as its client's socket sees it and the kernel counts it, and totals
// that are what the clients did.
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <regex>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "support/lab_test.h"
#include "support/served.h"
#include "support/subcommand.h"

namespace tcptrace::live {
namespace {

using std::chrono::milliseconds;
using Words = std::vector<std::string>;

class Serve : public LabTest {
 protected:
  void SetUp() override { skip_unless_auto("a server hooks nothing"); }
  static std::uint64_t counter(std::string_view name) {
    return lab().server.counter("TcpExt", name);
  }
};

void expect_echo(int fd, std::string_view text) {
  send_text(fd, text);
  std::string back(text.size(), '\0');
  ASSERT_EQ(::recv(fd, back.data(), back.size(), MSG_WAITALL), std::ssize(text));
  EXPECT_EQ(back, text);
}

// What recv() says until the connection ends: all data, and how it ended.
struct Tail {
  std::string data;
  int error = 0;  // 0: an orderly end
};

Tail read_to_end(int fd) {
  Tail tail;
  char buffer[4096];
  ssize_t size = 0;
  while ((size = ::recv(fd, buffer, sizeof(buffer), 0)) > 0) {
    tail.data.append(buffer, static_cast<std::size_t>(size));
  }
  tail.error = size < 0 ? errno : 0;
  return tail;
}

class ServeThreads : public Serve, public testing::WithParamInterface<const char*> {};

INSTANTIATE_TEST_SUITE_P(Counts, ServeThreads, testing::Values("1", "3"));

TEST_P(ServeThreads, TotalsAreWhatTheClientsDid) {
  constexpr int kClients = 30;
  Served server(lab(), {"--threads", GetParam()});
  std::vector<UniqueFd> clients;
  clients.reserve(kClients);
  for (int i = 0; i < kClients; ++i) {
    clients.push_back(server.connect());
    expect_echo(clients.back().get(), std::string(1000, 'a'));
  }
  for (int i = 0; i < kClients / 3; ++i) {
    reset_on_close(clients[static_cast<std::size_t>(i)].get());
    clients[static_cast<std::size_t>(i)].reset();
  }
  for (int i = kClients / 3; i < 2 * kClients / 3; ++i) {
    ::shutdown(clients[static_cast<std::size_t>(i)].get(), SHUT_WR);
    EXPECT_EQ(read_to_end(clients[static_cast<std::size_t>(i)].get()).error, 0);
  }
  const Line totals = server.stop().last();
  EXPECT_EQ(totals.number("/accepted"), kClients);
  EXPECT_EQ(totals.number("/max_open"), kClients);
  EXPECT_EQ(totals.number("/resets_received"), kClients / 3);
  EXPECT_EQ(totals.number("/closed_by_peer"), kClients / 3);
  EXPECT_EQ(totals.number("/closed_by_us/end"), kClients / 3);
  EXPECT_EQ(totals.number("/bytes_received"), kClients * 1000);
  EXPECT_EQ(totals.number("/bytes_sent"), kClients * 1000);
  EXPECT_EQ(totals.json()["errors"],
            nlohmann::json::array({{{"errno", "ECONNRESET"}, {"count", kClients / 3}}}));
  EXPECT_EQ(totals.text("/ended_by"), "signal");
}

TEST_F(Serve, Ipv4AndIpv6OnOneSocket) {
  Served server(lab(), {});
  EXPECT_TRUE(server.first().flag("/addresses/0/dual_stack"));
  for (const char* address : {kServerV4, kServerV6}) {
    const UniqueFd client = server.connect(address);
    expect_echo(client.get(), "hello");
  }
  EXPECT_EQ(server.stop(SIGTERM).last().number("/accepted"), 2);
}

TEST_F(Serve, ADiscarderReadsAndSaysNothing) {
  Served server(lab(), {"--mode", "discard"});
  const UniqueFd client = server.connect();
  constexpr std::size_t kBytes = 8U << 20;
  for (std::size_t sent = 0; sent < kBytes; sent += 1U << 20) {
    send_bytes(client.get(), 1U << 20);
  }
  ::shutdown(client.get(), SHUT_WR);
  const Tail tail = read_to_end(client.get());
  EXPECT_EQ(tail.data, "");
  EXPECT_EQ(tail.error, 0);
  EXPECT_EQ(server.stop().last().number("/bytes_received"), kBytes);
}

// More than both sockets hold: it has to stop reading until it is read.
TEST_F(Serve, AnEchoThatIsNotReadWaits) {
  Served server(lab(), {});
  const UniqueFd client = server.connect();
  set_blocking(client.get(), false);
  const std::string piece(1U << 16, 'z');
  std::size_t sent = 0;
  std::size_t received = 0;
  constexpr std::size_t kBytes = 64U << 20;
  std::string buffer(1U << 20, '\0');
  ASSERT_TRUE(wait_until(
      [&] {
        while (sent < kBytes) {
          const ssize_t size = ::send(client.get(), piece.data(), piece.size(), MSG_NOSIGNAL);
          if (size < 0) {
            break;
          }
          sent += static_cast<std::size_t>(size);
        }
        const ssize_t size = ::recv(client.get(), buffer.data(), buffer.size(), 0);
        received += static_cast<std::size_t>(std::max<ssize_t>(size, 0));
        return sent >= kBytes && received == sent;
      },
      60s));
  EXPECT_EQ(server.stop().last().number("/bytes_sent"), static_cast<std::int64_t>(received));
}

TEST_F(Serve, HttpKeepsAliveAndCloses) {
  Served server(lab(), {"--mode", "http", "--body", "5", "--interval", "20ms"});
  const UniqueFd client = server.connect();
  send_text(client.get(), "GET /a HTTP/1.1\r\nHo");
  // The first piece has been read by itself.
  ASSERT_TRUE(wait_until([&] {
    return std::regex_search(server.process().error(), std::regex("/s, [1-9][^ ]* [^ ]*B/s in"));
  })) << server.process().error();
  send_text(client.get(),
            "st: x\r\n\r\nHEAD / HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\nConnection: close"
            "\r\n\r\n");
  const std::string head =
      "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\nConnection: ";
  const Tail tail = read_to_end(client.get());
  EXPECT_EQ(tail.data, head + "keep-alive\r\n\r\nxxxxx" + head + "keep-alive\r\n\r\n" + head +
                           "close\r\n\r\nxxxxx");
  EXPECT_EQ(tail.error, 0);
  const Line totals = server.stop().last();
  EXPECT_EQ(totals.number("/requests"), 3);
  EXPECT_EQ(totals.number("/closed_by_us/asked"), 1);
}

TEST_F(Serve, HttpAnswersNonsenseWith400AndCloses) {
  Served server(lab(), {"--mode", "http"});
  const UniqueFd client = server.connect();
  send_text(client.get(), "nonsense\r\n\r\n");
  const Tail tail = read_to_end(client.get());
  EXPECT_TRUE(tail.data.starts_with("HTTP/1.1 400 ")) << tail.data;
  EXPECT_EQ(tail.error, 0);
  const Line totals = server.stop().last();
  EXPECT_EQ(totals.number("/bad_requests"), 1);
  EXPECT_EQ(totals.number("/closed_by_us/bad_request"), 1);
}

TEST_F(Serve, CloseAfterSaysSoAndCloses) {
  Served server(lab(), {"--mode", "http", "--close-after", "2"});
  const UniqueFd client = server.connect();
  send_text(client.get(), "GET / HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\n\r\n");
  const Tail tail = read_to_end(client.get());
  EXPECT_NE(tail.data.find("Connection: keep-alive"), std::string::npos);
  EXPECT_GT(tail.data.find("Connection: close"), tail.data.find("Connection: keep-alive"));
  EXPECT_EQ(tail.error, 0);
  EXPECT_EQ(server.stop().last().number("/closed_by_us/close_after"), 1);
}

TEST_F(Serve, CloseUnreadIsTheKernelsAbortOnClose) {
  const std::uint64_t before = counter("TCPAbortOnClose");
  Served server(lab(), {"--close-unread"});
  const UniqueFd client = server.connect();
  send_text(client.get(), "request");
  EXPECT_EQ(read_to_end(client.get()).error, ECONNRESET);
  // One that ends without data is closed in order.
  const UniqueFd silent = server.connect();
  ::shutdown(silent.get(), SHUT_WR);
  EXPECT_EQ(read_to_end(silent.get()).error, 0);
  EXPECT_EQ(counter("TCPAbortOnClose"), before + 1);
  const Line totals = server.stop().last();
  EXPECT_EQ(totals.number("/closed_by_us/close_unread"), 1);
  EXPECT_EQ(totals.number("/closed_by_peer"), 1);
  EXPECT_EQ(totals.number("/resets_sent"), 1);
}

TEST_F(Serve, Linger0IsTheKernelsAbortOnData) {
  const std::uint64_t before = counter("TCPAbortOnData");
  Served server(lab(), {"--linger0"});
  const UniqueFd client = server.connect();
  expect_echo(client.get(), "hello");
  ::shutdown(client.get(), SHUT_WR);
  EXPECT_EQ(read_to_end(client.get()).error, ECONNRESET);
  EXPECT_EQ(server.stop().last().number("/resets_sent"), 1);
  // The kernel counts it after it has sent the reset.
  EXPECT_EQ(counter("TCPAbortOnData"), before + 1);
}

TEST_F(Serve, IdleTimeoutCountsFromTheLastData) {
  constexpr milliseconds kTimeout{2000};
  Served server(lab(), {"--idle-timeout", "2s"});
  const UniqueFd client = server.connect();
  // Twelve times an eighth of the timeout: data keeps it open, on a busy machine too.
  Clock::time_point sent;
  for (int i = 0; i < 12; ++i) {
    std::this_thread::sleep_for(kTimeout / 8);
    sent = Clock::now();
    expect_echo(client.get(), "still here");
  }
  EXPECT_EQ(read_to_end(client.get()).error, 0);
  const auto after = Clock::now() - sent;
  EXPECT_GE(after, kTimeout);
  EXPECT_LE(after, scaled(kTimeout + 300ms));
  EXPECT_EQ(server.stop().last().number("/closed_by_us/idle_timeout"), 1);
}

TEST_F(Serve, HalfOpenNeitherReadsNorCloses) {
  Served server(lab(), {"--half-open", "--interval", "20ms"});
  const UniqueFd client = server.connect();
  send_bytes(client.get(), 100);
  ::shutdown(client.get(), SHUT_WR);
  await_state(client.get(), TCP_FIN_WAIT2);
  UniqueFd resetting = server.connect();
  reset_on_close(resetting.get());
  resetting.reset();
  // A reset is seen though nothing is read.
  ASSERT_TRUE(wait_until([&] {
    return server.process().error().find(", 1 resets") != std::string::npos;
  })) << server.process().error();
  char byte = 0;
  EXPECT_EQ(::recv(client.get(), &byte, 1, MSG_DONTWAIT), -1);
  EXPECT_EQ(errno, EAGAIN);
  EXPECT_EQ(tcp_state(client.get()), TCP_FIN_WAIT2);
  const Line totals = server.stop().last();
  EXPECT_EQ(totals.number("/bytes_received"), 0);
  EXPECT_EQ(totals.number("/closed_by_us/end"), 1);
  EXPECT_EQ(totals.number("/resets_received"), 1);
  EXPECT_EQ(read_to_end(client.get()).error, ECONNRESET) << "100 bytes were never read";
}

TEST_F(Serve, AcceptDelayTakesOneAfterTheOther) {
  Served server(lab(), {"--accept-delay", "300ms"});
  const auto start = Clock::now();
  std::vector<UniqueFd> clients;
  clients.reserve(3);
  for (int i = 0; i < 3; ++i) {
    clients.push_back(server.connect());
    send_text(clients.back().get(), "x");
  }
  for (const UniqueFd& client : clients) {
    receive_bytes(client.get(), 1);
  }
  const auto took = Clock::now() - start;
  EXPECT_GE(took, 600ms);
  EXPECT_LE(took, scaled(1200ms));
  EXPECT_EQ(server.stop().last().number("/accepted"), 3);
}

TEST_F(Serve, ASlowAccepterWithAShortQueueDropsSyns) {
  const std::uint64_t before = counter("ListenOverflows");
  Served server(lab(), {"--accept-delay", "1h", "--backlog", "1"});
  std::vector<UniqueFd> clients;
  clients.reserve(6);
  for (int i = 0; i < 6; ++i) {
    clients.push_back(start_connect(lab().client, {kServerV4, server.port()}));
  }
  EXPECT_TRUE(wait_until([&] { return counter("ListenOverflows") > before; }));
  EXPECT_EQ(server.stop().last().number("/accepted"), 1);
}

TEST_F(Serve, ReadRateClosesTheWindow) {
  Served server(lab(), {"--mode", "discard", "--read-rate", "10000"});
  const UniqueFd client = server.connect();
  set_blocking(client.get(), false);
  const auto start = Clock::now();
  const std::string piece(1U << 16, 'z');
  while (Clock::now() - start < 1s) {
    (void)!::send(client.get(), piece.data(), piece.size(), MSG_NOSIGNAL);
    std::this_thread::sleep_for(5ms);
  }
  const Line totals = server.stop().last();
  const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
  EXPECT_GE(totals.number("/bytes_received"), 8000);
  // A piece a tenth of a second, and one at the beginning.
  EXPECT_LE(totals.number("/bytes_received"), 10000 * seconds + 1000);
}

TEST_F(Serve, RespondDelayIsThatOfEveryAnswer) {
  for (const char* mode : {"echo", "http"}) {
    Served server(lab(), {"--mode", mode, "--respond-delay", "150ms"});
    const UniqueFd client = server.connect();
    for (int i = 0; i < 2; ++i) {
      const auto start = Clock::now();
      send_text(client.get(), "HEAD / HTTP/1.1\r\n\r\n");
      receive_bytes(client.get(), 19);
      EXPECT_GE(Clock::now() - start, 150ms) << mode;
      EXPECT_LE(Clock::now() - start, scaled(400ms)) << mode;
      std::string rest(1000, '\0');
      (void)!::recv(client.get(), rest.data(), rest.size(), MSG_DONTWAIT);
    }
    EXPECT_EQ(server.stop().last().number("/requests"), 2);
  }
}

TEST_F(Serve, FailRateIsThatShareOfThem) {
  const std::uint64_t before = counter("TCPAbortOnData");
  Served server(lab(), {"--fail-rate", "25"});
  int reset = 0;
  for (int i = 0; i < 40; ++i) {
    const UniqueFd client = start_connect(lab().client, {kServerV4, server.port()});
    pollfd connected{.fd = client.get(), .events = POLLOUT, .revents = 0};
    ASSERT_EQ(::poll(&connected, 1, 5000), 1);
    set_blocking(client.get(), true);
    // Unread data would be another reason for a reset.
    ::shutdown(client.get(), SHUT_WR);
    reset += read_to_end(client.get()).error == ECONNRESET ? 1 : 0;
  }
  EXPECT_EQ(reset, 10);
  const Line totals = server.stop().last();
  EXPECT_EQ(totals.number("/closed_by_us/fail_rate"), 10);
  EXPECT_EQ(totals.number("/resets_sent"), 10);
  EXPECT_EQ(counter("TCPAbortOnData"), before + 10);
}

TEST_F(Serve, WithoutDescriptorsItPausesAndSaysSoOnce) {
  constexpr int kClients = 60;
  Served server(lab(), {}, {.descriptors = 32});
  const auto start = Clock::now();
  std::vector<UniqueFd> clients;
  clients.reserve(kClients);
  for (int i = 0; i < kClients; ++i) {
    clients.push_back(server.connect());
  }
  ASSERT_TRUE(wait_until([&] { return !server.process().error().empty(); }));
  // Three pauses at least: nothing may turn meanwhile.
  std::this_thread::sleep_for(1s);
  for (const UniqueFd& client : clients) {
    ::shutdown(client.get(), SHUT_WR);
  }
  for (const UniqueFd& client : clients) {
    EXPECT_EQ(read_to_end(client.get()).error, 0);
  }
  const auto pauses = (Clock::now() - start) / 100ms;
  const SubcommandEnd end = server.stop();
  EXPECT_EQ(end.last().number("/accepted"), kClients);
  EXPECT_EQ(end.last().number("/closed_by_peer"), kClients);
  EXPECT_GE(end.last().number("/accept_pauses"), 3);
  EXPECT_LE(end.last().number("/accept_pauses"), pauses + 1);
  EXPECT_EQ(end.last().text("/errors/0/errno"), "EMFILE");
  EXPECT_EQ(
      end.error,
      "tcptrace: cannot accept: Too many open files; pauses and tries again, see ulimit -n\n");
}

TEST_F(Serve, APortThatIsTakenIsSaid) {
  Served server(lab(), {"--threads", "2"});
  for (const char* threads : {"1", "2"}) {
    Subcommand second(lab().server, {"serve", std::to_string(server.port()), "-t", threads});
    const SubcommandEnd end = second.join();
    EXPECT_EQ(end.status, 1);
    EXPECT_NE(end.error.find("Address already in use; another server has that port"),
              std::string::npos)
        << end.error;
  }
  (void)server.stop();
}

TEST_F(Serve, EndsByItselfAndTellsItsRates) {
  Subcommand server(lab().server, {"serve", "0", "-d", "500ms", "-i", "20ms"});
  const SubcommandEnd end = server.join();
  EXPECT_EQ(end.status, 0);
  EXPECT_EQ(end.last().text("/ended_by"), "duration");
  EXPECT_GE(end.last().real("/duration_ms"), 500);
  EXPECT_NE(end.error.find("0 open, 0 accepted/s"), std::string::npos) << end.error;
}

}  // namespace
}  // namespace tcptrace::live
