// SPDX-License-Identifier: GPL-2.0
#include "stress/netns.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <exception>
#include <fstream>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <system_error>

#include <fmt/core.h>

#include "stress/command.h"

namespace tcptrace::stress {
namespace {

[[noreturn]] void throw_errno(const std::string& what) {
  throw std::system_error(errno, std::generic_category(), what);
}

// Only system calls: the parent may have threads.
[[noreturn]] void hold_namespace(int ready) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::prctl(PR_SET_NAME, "netns-holder");
  const char ok = ::unshare(CLONE_NEWNET) == 0 ? 'y' : 'n';
  if (::write(ready, &ok, 1) != 1 || ok != 'y') {
    ::_exit(1);
  }
  // Inherited sockets and pipes would stay open as long as the namespace.
  ::syscall(SYS_close_range, 0U, ~0U, 0U);
  for (;;) {
    ::pause();
  }
}

// "Tcp: A B C" is followed by "Tcp: 1 2 3".
std::optional<std::uint64_t> find_counter(const char* path, std::string_view group,
                                          std::string_view name) {
  std::ifstream file(path);
  std::string names;
  std::string values;
  while (std::getline(file, names) && std::getline(file, values)) {
    if (!names.starts_with(std::string(group) + ":")) {
      continue;
    }
    std::istringstream left(names);
    std::istringstream right(values);
    std::string key;
    std::string value;
    while (left >> key && right >> value) {
      if (key == name) {
        return std::stoull(value);
      }
    }
  }
  return std::nullopt;
}

}  // namespace

Netns::Netns() {
  std::array<int, 2> ready{};
  if (::pipe2(ready.data(), O_CLOEXEC) != 0) {
    throw_errno("pipe2");
  }
  const UniqueFd reader(ready[0]);
  UniqueFd writer(ready[1]);
  holder_ = ::fork();
  if (holder_ < 0) {
    throw_errno("fork");
  }
  if (holder_ == 0) {
    hold_namespace(writer.get());
  }
  writer.reset();
  char ok = 'n';
  if (::read(reader.get(), &ok, 1) != 1 || ok != 'y') {
    throw std::runtime_error("cannot create a network namespace");
  }
  const std::string path = "/proc/" + std::to_string(holder_) + "/ns/net";
  fd_ = UniqueFd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat info {};
  if (!fd_.valid() || ::fstat(fd_.get(), &info) != 0) {
    throw_errno(path);
  }
  inode_ = static_cast<std::uint32_t>(info.st_ino);
}

Netns::~Netns() {
  ::kill(holder_, SIGKILL);
  ::waitpid(holder_, nullptr, 0);
}

std::uint64_t Netns::counter(std::string_view group, std::string_view name) const {
  const InNetns inside(*this);
  for (const char* path : {"/proc/thread-self/net/snmp", "/proc/thread-self/net/netstat"}) {
    if (const auto value = find_counter(path, group, name)) {
      return *value;
    }
  }
  throw std::runtime_error("no counter " + std::string(group) + "." + std::string(name));
}

InNetns::InNetns(const Netns& target)
    : before_(::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC)) {
  if (!before_.valid() || ::setns(target.fd(), CLONE_NEWNET) != 0) {
    throw_errno("setns");
  }
}

InNetns::~InNetns() { ::setns(before_.get(), CLONE_NEWNET); }

Sysctl::Sysctl(const Netns& netns, std::string_view name, std::string_view value)
    : netns_(netns), path_(std::string("/proc/sys/net/ipv4/").append(name)) {
  const InNetns inside(netns_);
  std::ifstream reader(path_);
  present_ = static_cast<bool>(std::getline(reader, before_));
  if (present_ && !(std::ofstream(path_) << value << std::flush)) {
    throw std::runtime_error("cannot write " + path_);
  }
}

Sysctl::~Sysctl() {
  if (!present_) {
    return;
  }
  try {
    const InNetns inside(netns_);
    std::ofstream(path_) << before_ << std::flush;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s stays changed: %s\n", path_.c_str(), error.what());
  }
}

void loopback_up(const Netns& netns) {
  const InNetns inside(netns);
  run_or_throw({"ip", "link", "set", "lo", "up"});
}

void change_address(const Netns& netns, const std::string& what, std::string_view ipv4,
                    std::string_view device) {
  const InNetns inside(netns);
  run_or_throw({"ip", "addr", what, fmt::format("{}/24", ipv4), "dev", std::string(device)});
}

void join(const VethEnd& first, const VethEnd& second, std::string_view device) {
  const std::string name(device);
  {
    const InNetns inside(first.netns);
    run_or_throw({"ip", "link", "add", name, "type", "veth", "peer", "name", name, "netns",
                  std::to_string(second.netns.holder())});
  }
  for (const VethEnd* end : {&first, &second}) {
    change_address(end->netns, "add", end->ipv4, device);
    const InNetns inside(end->netns);
    // Without nodad the address is unusable for a second.
    run_or_throw({"ip", "addr", "add", end->ipv6 + "/64", "dev", name, "nodad"});
    run_or_throw({"ip", "link", "set", name, "up"});
  }
}

}  // namespace tcptrace::stress
