// SPDX-License-Identifier: GPL-2.0
#include "cycle/cycle.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <ctime>
#include <vector>

#include <fmt/core.h>

#include "base/unique_fd.h"

namespace tcptrace::bench {
namespace {

using std::chrono::nanoseconds;

// A client that does not wait is at most kCredits * kCreditCycles connections ahead of its server:
// a listener whose backlog overflows drops SYNs, and the run would measure retransmission timers.
constexpr std::uint64_t kCreditCycles = 64;
constexpr int kCredits = 8;
constexpr int kBacklog = 1024;

// A client and its server.
struct Pair {
  UniqueFd listener;
  sockaddr_in address{};  // where the listener is on 127.0.0.1
  UniqueFd credit_in;   // the client takes a byte: for an accept, or for kCreditCycles connections
  UniqueFd credit_out;  // the server gives it
  std::uint64_t cycles = 0;
  bool accepted = false;
};

nanoseconds now() { return std::chrono::steady_clock::now().time_since_epoch(); }

sockaddr* generic(sockaddr_in& address) { return reinterpret_cast<sockaddr*>(&address); }

Result<void> listen_on_loopback(Pair& pair) {
  pair.listener.reset(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in any{};
  any.sin_family = AF_INET;
  socklen_t size = sizeof(pair.address);
  if (!pair.listener.valid() || ::bind(pair.listener.get(), generic(any), sizeof(any)) != 0 ||
      ::listen(pair.listener.get(), kBacklog) != 0 ||
      ::getsockname(pair.listener.get(), generic(pair.address), &size) != 0) {
    return std::unexpected(system_error("cannot listen", errno));
  }
  pair.address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return {};
}

Result<void> open_credit(Pair& pair) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
    return std::unexpected(system_error("cannot open a pipe", errno));
  }
  pair.credit_in.reset(ends[0]);
  pair.credit_out.reset(ends[1]);
  const std::array<char, kCredits> credits{};
  if (!pair.accepted && ::write(ends[1], credits.data(), credits.size()) != kCredits) {
    return std::unexpected(system_error("cannot write to a pipe", errno));
  }
  return {};
}

Result<void> give_credit(const Pair& pair) {
  if (::write(pair.credit_out.get(), "", 1) != 1) {
    return std::unexpected(system_error("cannot give a credit", errno));
  }
  return {};
}

Result<void> take_credit(const Pair& pair) {
  char credit = 0;
  if (::read(pair.credit_in.get(), &credit, 1) != 1) {
    return std::unexpected(system_error("cannot take a credit", errno));
  }
  return {};
}

Result<void> serve_one(const Pair& pair) {
  std::array<char, 4096> buffer{};
  const UniqueFd connection(::accept4(pair.listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
  if (!connection.valid()) {
    return std::unexpected(system_error("accept", errno));
  }
  if (pair.accepted) {
    if (auto given = give_credit(pair); !given) {
      return given;
    }
  }
  while (::read(connection.get(), buffer.data(), buffer.size()) > 0) {
  }
  return {};
}

Result<void> serve(const Pair& pair) {
  for (std::uint64_t i = 1; i <= pair.cycles; ++i) {
    if (auto served = serve_one(pair); !served) {
      return served;
    }
    if (!pair.accepted && i % kCreditCycles == 0) {
      if (auto given = give_credit(pair); !given) {
        return given;
      }
    }
  }
  return {};
}

Result<void> connect_and_reset(const Pair& pair, sockaddr_in address) {
  const UniqueFd connection(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const linger reset{.l_onoff = 1, .l_linger = 0};
  if (!connection.valid() ||
      ::setsockopt(connection.get(), SOL_SOCKET, SO_LINGER, &reset, sizeof(reset)) != 0 ||
      ::connect(connection.get(), generic(address), sizeof(address)) != 0) {
    return std::unexpected(system_error("connect", errno));
  }
  return pair.accepted ? take_credit(pair) : Result<void>();
}

void sleep_until(nanoseconds due) {
  if (due <= now()) {
    return;
  }
  const auto seconds = std::chrono::floor<std::chrono::seconds>(due);
  const timespec at{.tv_sec = seconds.count(), .tv_nsec = (due - seconds).count()};
  while (::clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, nullptr) == EINTR) {
  }
}

// The schedule does not move when a cycle is late: what is behind catches up.
Result<void> connect_all(const Pair& pair, const Load& load, nanoseconds start) {
  const double period_ns = load.rate > 0 ? 1e9 * load.processes / load.rate : 0;
  ::prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
  for (std::uint64_t i = 0; i < pair.cycles; ++i) {
    if (!pair.accepted && i % kCreditCycles == 0) {
      if (auto taken = take_credit(pair); !taken) {
        return taken;
      }
    }
    if (period_ns > 0) {
      sleep_until(start +
                  nanoseconds(static_cast<std::int64_t>(period_ns * static_cast<double>(i))));
    }
    sockaddr_in address = pair.address;
    address.sin_addr.s_addr =
        htonl(INADDR_LOOPBACK + static_cast<std::uint32_t>(i % load.addresses));
    if (auto done = connect_and_reset(pair, address); !done) {
      return done;
    }
  }
  return {};
}

template <typename Body>
Result<pid_t> start_child(Body body) {
  const pid_t parent = ::getpid();
  const pid_t child = ::fork();
  if (child < 0) {
    return std::unexpected(system_error("fork", errno));
  }
  if (child > 0) {
    return child;
  }
  ::prctl(PR_SET_PDEATHSIG, static_cast<unsigned long>(SIGKILL), 0UL, 0UL, 0UL);
  const Result<void> done =
      ::getppid() == parent ? body() : std::unexpected(Error{.what = "the parent is gone"});
  if (!done) {
    fmt::print(stderr, "tcptrace_cycle: {}\n", done.error().what);
  }
  ::_exit(done ? 0 : 1);
}

// One that failed leaves its partner waiting for ever.
Result<void> wait_for(std::vector<pid_t> children) {
  bool failed = false;
  while (!children.empty()) {
    int status = 0;
    const pid_t ended = ::wait(&status);
    if (ended < 0) {
      return std::unexpected(system_error("wait", errno));
    }
    std::erase(children, ended);
    if (status != 0 && !failed) {
      failed = true;
      for (const pid_t child : children) {
        ::kill(child, SIGKILL);
      }
    }
  }
  return failed ? std::unexpected(Error{.what = "a cycle failed"}) : Result<void>();
}

double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

double children_cpu_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_CHILDREN, &usage);
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

Result<std::vector<Pair>> prepare(const Load& load) {
  std::vector<Pair> pairs(load.processes);
  for (std::uint32_t i = 0; i < load.processes; ++i) {
    Pair& pair = pairs[i];
    pair.accepted = load.accepted;
    pair.cycles = load.cycles / load.processes + (i < load.cycles % load.processes ? 1 : 0);
    if (auto listening = listen_on_loopback(pair); !listening) {
      return std::unexpected(listening.error());
    }
    if (auto opened = open_credit(pair); !opened) {
      return std::unexpected(opened.error());
    }
  }
  return pairs;
}

Result<std::vector<pid_t>> start(const std::vector<Pair>& pairs, const Load& load,
                                 nanoseconds began) {
  std::vector<pid_t> children;
  for (const Pair& pair : pairs) {
    auto server = start_child([&] { return serve(pair); });
    if (!server) {
      return std::unexpected(server.error());
    }
    children.push_back(*server);
    auto client = start_child([&] { return connect_all(pair, load, began); });
    if (!client) {
      return std::unexpected(client.error());
    }
    children.push_back(*client);
  }
  return children;
}

}  // namespace

Result<Outcome> run(const Load& load) {
  auto pairs = prepare(load);
  if (!pairs) {
    return std::unexpected(pairs.error());
  }
  const nanoseconds began = now();
  auto children = start(*pairs, load, began);
  if (!children) {
    return std::unexpected(children.error());
  }
  if (auto done = wait_for(std::move(*children)); !done) {
    return std::unexpected(done.error());
  }
  return Outcome{.seconds = std::chrono::duration<double>(now() - began).count(),
                 .cpu_seconds = children_cpu_seconds()};
}

}  // namespace tcptrace::bench
