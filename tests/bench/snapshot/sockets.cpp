// SPDX-License-Identifier: GPL-2.0
// tcptrace_sockets N: holds N established sockets, both ends of connections over loopback, until
// its standard input ends. Says "ready" when they are there. Several processes, because one may not
// open as many files.
#include <arpa/inet.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <string_view>
#include <system_error>
#include <vector>

#include "base/unique_fd.h"

namespace {

using tcptrace::UniqueFd;

int checked(int result, const char* what) {
  if (result < 0) {
    throw std::system_error(errno, std::generic_category(), what);
  }
  return result;
}

// What a process may open, less what it needs for itself.
int sockets_for_each_process() {
  rlimit limit{};
  checked(::getrlimit(RLIMIT_NOFILE, &limit), "getrlimit");
  limit.rlim_cur = limit.rlim_max;
  checked(::setrlimit(RLIMIT_NOFILE, &limit), "setrlimit");
  constexpr rlim_t kReserve = 64;
  constexpr rlim_t kMost = 40'000;  // of connections to one address: the ephemeral ports
  return static_cast<int>((std::min(limit.rlim_cur - kReserve, kMost) / 2) * 2);
}

// Connections between sockets of this process, over an address of its own.
std::vector<UniqueFd> connect_all(int sockets, std::uint32_t number) {
  std::vector<UniqueFd> open;
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK + (number << 8U));
  UniqueFd listener(checked(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket"));
  const auto* generic = reinterpret_cast<const sockaddr*>(&address);
  checked(::bind(listener.get(), generic, sizeof(address)), "bind");
  checked(::listen(listener.get(), 128), "listen");
  socklen_t size = sizeof(address);
  checked(::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address), &size), "name");
  // An end without TIME_WAIT: the next measurement finds no rest of this one.
  const linger reset{.l_onoff = 1, .l_linger = 0};
  for (int i = 0; i < sockets / 2; ++i) {
    UniqueFd client(checked(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket"));
    checked(::setsockopt(client.get(), SOL_SOCKET, SO_LINGER, &reset, sizeof(reset)), "linger");
    checked(::connect(client.get(), generic, sizeof(address)), "connect");
    UniqueFd server(checked(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC), "accept"));
    checked(static_cast<int>(::send(client.get(), "hello", 5, MSG_NOSIGNAL)), "send");
    open.push_back(std::move(client));
    open.push_back(std::move(server));
  }
  open.push_back(std::move(listener));
  return open;
}

[[noreturn]] void hold(int sockets, std::uint32_t number, int ready) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  try {
    const std::vector<UniqueFd> open = connect_all(sockets, number);
    checked(static_cast<int>(::write(ready, "+", 1)), "write");
    for (;;) {
      ::pause();
    }
  } catch (const std::exception& failure) {
    std::fprintf(stderr, "tcptrace_sockets: %s\n", failure.what());
    ::_exit(1);
  }
}

int run(int sockets) {
  int ends[2];
  checked(::pipe(ends), "pipe");
  const UniqueFd read_end(ends[0]);
  UniqueFd write_end(ends[1]);
  const int each = sockets_for_each_process();
  std::vector<pid_t> children;
  for (int left = sockets; left > 0; left -= each) {
    const pid_t child = checked(::fork(), "fork");
    if (child == 0) {
      hold(std::min(left, each), static_cast<std::uint32_t>(children.size()) + 1, write_end.get());
    }
    children.push_back(child);
  }
  write_end.reset();
  std::size_t ready = 0;
  char byte = 0;
  while (ready < children.size() && ::read(read_end.get(), &byte, 1) == 1) {
    ++ready;
  }
  const bool complete = ready == children.size();
  if (complete) {
    std::puts("ready");
    std::fflush(stdout);
    while (::read(STDIN_FILENO, &byte, 1) > 0) {
    }
  }
  for (const pid_t child : children) {
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
  }
  return complete ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const std::string_view text = argc == 2 ? argv[1] : "";
    int sockets = 0;
    std::from_chars(text.data(), text.data() + text.size(), sockets);
    if (sockets < 2) {
      std::fputs("usage: tcptrace_sockets N\n", stderr);
      return 2;
    }
    return run(sockets);
  } catch (const std::exception& failure) {
    std::fprintf(stderr, "tcptrace_sockets: %s\n", failure.what());
    return 1;
  }
}
