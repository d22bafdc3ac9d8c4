// SPDX-License-Identifier: GPL-2.0
#include "stress/child.h"

#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <exception>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "stress/command.h"
#include "stress/wait.h"

namespace tcptrace::stress {

void Channel::say(std::string_view word) const {
  const std::string line = std::string(word) + "\n";
  if (::send(fd_.get(), line.data(), line.size(), MSG_NOSIGNAL) !=
      static_cast<ssize_t>(line.size())) {
    throw std::system_error(errno, std::generic_category(), "channel");
  }
}

std::string Channel::hear() const {
  std::string word;
  for (;;) {
    pollfd ready{.fd = fd_.get(), .events = POLLIN, .revents = 0};
    require(::poll(&ready, 1, static_cast<int>(scaled(30s).count())) == 1,
            "the other process says nothing");
    char letter = 0;
    require(::recv(fd_.get(), &letter, 1, 0) == 1, "the other process is gone");
    if (letter == '\n') {
      return word;
    }
    word.push_back(letter);
  }
}

void Channel::expect(std::string_view word) const {
  const std::string heard = hear();
  if (heard != word) {
    throw std::runtime_error("expected '" + std::string(word) + "', heard '" + heard + "'");
  }
}

Child Child::start(std::string_view name, const std::function<void(const Channel&)>& body) {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    throw std::system_error(errno, std::generic_category(), "socketpair");
  }
  UniqueFd ours(ends[0]);
  UniqueFd theirs(ends[1]);
  const pid_t pid = ::fork();
  if (pid < 0) {
    throw std::system_error(errno, std::generic_category(), "fork");
  }
  if (pid > 0) {
    return {pid, std::move(ours)};
  }
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::prctl(PR_SET_NAME, std::string(name).c_str());
  ours.reset();
  int status = 0;
  try {
    body(Channel(std::move(theirs)));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s: %s\n", std::string(name).c_str(), error.what());
    status = 1;
  }
  ::_exit(status);
}

Child::Child(std::string_view name, const std::function<void(const Channel&)>& body)
    : Child(start(name, body)) {}

Child::Child(Child&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)), channel_(std::move(other.channel_)) {}

Child::~Child() {
  if (pid_ > 0) {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
}

void Child::kill(int signal) const { ::kill(pid_, signal); }

int Child::join() {
  int status = 0;
  ::waitpid(std::exchange(pid_, -1), &status, 0);
  return exit_status(status);
}

}  // namespace tcptrace::stress
