// SPDX-License-Identifier: GPL-2.0
// tcptrace_bare: what the kernel allows. Connects, closes and counts, with blocking calls and
// nothing else; or is the server that accepts and closes.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/core.h>

#include "base/result.h"
#include "base/unique_fd.h"

namespace {

using tcptrace::UniqueFd;
using Clock = std::chrono::steady_clock;

struct Options {
  std::uint16_t port = 0;
  unsigned threads = 1;
  double seconds = 3;
  bool get = false;  // one HTTP request, and what comes first of its answer; else a reset
};

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

const sockaddr* generic(const sockaddr_in& address) {
  return reinterpret_cast<const sockaddr*>(&address);
}

void require(bool done, const char* what) {
  if (!done) {
    throw std::runtime_error(tcptrace::system_error(what, errno).what);
  }
}

void get(int fd) {
  constexpr std::string_view kRequest =
      "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
  std::array<char, 4096> answer{};
  require(::send(fd, kRequest.data(), kRequest.size(), 0) > 0 &&
              ::recv(fd, answer.data(), answer.size(), 0) > 0,
          "a request");
}

std::uint64_t connect_until(Clock::time_point end, const Options& options) {
  const sockaddr_in address = loopback(options.port);
  const linger abort{.l_onoff = 1, .l_linger = 0};
  std::uint64_t count = 0;
  for (; Clock::now() < end; ++count) {
    const UniqueFd fd(::socket(AF_INET, SOCK_STREAM, 0));
    require(fd.valid(), "socket");
    if (!options.get) {
      // Else soon no port is left: they would all be in TIME_WAIT.
      ::setsockopt(fd.get(), SOL_SOCKET, SO_LINGER, &abort, sizeof(abort));
    }
    require(::connect(fd.get(), generic(address), sizeof(address)) == 0, "connect");
    if (options.get) {
      get(fd.get());
    }
  }
  return count;
}

double cpu_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

void connect_all(const Options& options) {
  const auto start = Clock::now();
  const auto end = start + std::chrono::duration_cast<Clock::duration>(
                               std::chrono::duration<double>(options.seconds));
  std::atomic<std::uint64_t> count = 0;
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < options.threads; ++i) {
    threads.emplace_back([&] { count += connect_until(end, options); });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  const std::chrono::duration<double> took = Clock::now() - start;
  fmt::print("{{\"connections\":{},\"rate\":{:.1f},\"cpu_seconds\":{:.6f}}}\n", count.load(),
             static_cast<double>(count) / took.count(), cpu_seconds());
}

// Prints its port, and accepts until stdin ends.
void serve() {
  constexpr int kBacklog = 4096;
  const UniqueFd listener(::socket(AF_INET, SOCK_STREAM, 0));
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof(address);
  require(::bind(listener.get(), generic(address), size) == 0 &&
              ::listen(listener.get(), kBacklog) == 0 &&
              ::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address), &size) == 0,
          "listen");
  fmt::print("{}\n", ntohs(address.sin_port));
  std::fflush(stdout);
  std::thread accepting([&listener] {
    for (;;) {
      const UniqueFd accepted(::accept(listener.get(), nullptr, nullptr));
      if (!accepted.valid() && errno == EINVAL) {
        return;  // shut down
      }
    }
  });
  (void)std::getchar();
  ::shutdown(listener.get(), SHUT_RDWR);
  accepting.join();
}

int run(int argc, char** argv) {
  Options options;
  CLI::App app("Connections over loopback with blocking calls, each closed at once.",
               "tcptrace_bare");
  app.add_option("--port", options.port, "of a server; 0: be one");
  app.add_option("--threads", options.threads)->check(CLI::Range(1, 64));
  app.add_option("--seconds", options.seconds)->check(CLI::Range(0.1, 3600.0));
  app.add_flag("--get", options.get, "one HTTP request on each, and no reset");
  CLI11_PARSE(app, argc, argv);
  if (options.port == 0) {
    serve();
  } else {
    connect_all(options);
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& failure) {
    std::fprintf(stderr, "tcptrace_bare: %s\n", failure.what());
    return 1;
  }
}
