// SPDX-License-Identifier: GPL-2.0
#include "support/subcommand.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <stdexcept>
#include <utility>

#include <gtest/gtest.h>

#include "stress/command.h"
#include "support/schema.h"
#include "support/tracer.h"

namespace tcptrace::live {
namespace {

// Between fork and exec: system calls only.
[[noreturn]] void become_limited(char* const* arguments, int out, int err,
                                 const std::optional<rlim_t>& descriptors) {
  ::dup2(out, STDOUT_FILENO);
  ::dup2(err, STDERR_FILENO);
  if (const rlimit limit{.rlim_cur = descriptors.value_or(0), .rlim_max = descriptors.value_or(0)};
      descriptors && ::setrlimit(RLIMIT_NOFILE, &limit) != 0) {
    ::_exit(126);
  }
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::execvp(arguments[0], arguments);
  ::_exit(127);
}

}  // namespace

Subcommand::Subcommand(const Netns& netns, const std::vector<std::string>& words,
                       const SubcommandOptions& options)
    : stderr_(::memfd_create("stderr", MFD_CLOEXEC)) {
  std::vector<std::string> all = options.wrapper;
  all.push_back(tracer_binary());
  all.insert(all.end(), words.begin(), words.end());
  all.emplace_back("--json");
  std::vector<char*> arguments;
  arguments.reserve(all.size() + 1);
  for (std::string& word : all) {
    arguments.push_back(word.data());
  }
  arguments.push_back(nullptr);
  std::array<int, 2> ends{};
  require(::pipe2(ends.data(), O_CLOEXEC) == 0, "pipe2");
  stdout_.reset(ends[0]);
  const UniqueFd writer(ends[1]);
  const InNetns inside(netns);
  pid_ = ::fork();
  require(pid_ >= 0, "fork");
  if (pid_ == 0) {
    become_limited(arguments.data(), writer.get(), stderr_.get(), options.descriptors);
  }
}

Subcommand::~Subcommand() {
  if (pid_ > 0) {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
}

std::string Subcommand::error() const {
  std::string text;
  std::array<char, 4096> buffer{};
  ssize_t size = 0;
  while ((size = ::pread(stderr_.get(), buffer.data(), buffer.size(),
                         static_cast<off_t>(text.size()))) > 0) {
    text.append(buffer.data(), static_cast<std::size_t>(size));
  }
  return text;
}

void Subcommand::signal(int number) const { ::kill(pid_, number); }

bool Subcommand::read_more() {
  pollfd ready{.fd = stdout_.get(), .events = POLLIN, .revents = 0};
  require(::poll(&ready, 1, static_cast<int>(scaled(30s).count())) == 1, "it says nothing");
  std::array<char, 65536> buffer{};
  const ssize_t size = ::read(stdout_.get(), buffer.data(), buffer.size());
  pending_.append(buffer.data(), static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
  return size > 0;
}

bool Subcommand::take_line() {
  const std::size_t end = pending_.find('\n');
  if (end == std::string::npos) {
    return false;
  }
  const std::string text = pending_.substr(0, end);
  pending_.erase(0, end + 1);
  EXPECT_EQ(test::validate(text), "");
  lines_.emplace_back(nlohmann::json::parse(text), Clock::now());
  return true;
}

Line Subcommand::next() {
  while (!take_line()) {
    if (!read_more()) {
      throw std::runtime_error("it has ended: " + error());
    }
  }
  return lines_.back();
}

SubcommandEnd Subcommand::join() {
  while (read_more()) {
  }
  while (take_line()) {
  }
  int status = 0;
  ::waitpid(std::exchange(pid_, -1), &status, 0);
  return {.status = exit_status(status), .lines = lines_, .error = error()};
}

SubcommandEnd Subcommand::stop(int number) {
  signal(number);
  return join();
}

}  // namespace tcptrace::live
