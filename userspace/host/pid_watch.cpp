// SPDX-License-Identifier: GPL-2.0
#include "host/pid_watch.h"

#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

#include <fmt/core.h>

namespace tcptrace::host {

Result<PidWatch> PidWatch::open(std::span<const std::uint32_t> pids) {
  PidWatch watch;
  watch.epoll_.reset(::epoll_create1(EPOLL_CLOEXEC));
  if (!watch.epoll_.valid()) {
    return std::unexpected(system_error("cannot watch processes", errno));
  }
  for (const std::uint32_t pid : pids) {
    // glibc has had a wrapper since 2.36 only.
    UniqueFd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, static_cast<pid_t>(pid), 0)));
    if (!pidfd.valid()) {
      if (errno == ESRCH) {
        continue;
      }
      return std::unexpected(system_error(fmt::format("cannot watch process {}", pid), errno));
    }
    epoll_event event{.events = EPOLLIN, .data = {.fd = pidfd.get()}};
    if (::epoll_ctl(watch.epoll_.get(), EPOLL_CTL_ADD, pidfd.get(), &event) != 0) {
      return std::unexpected(system_error(fmt::format("cannot watch process {}", pid), errno));
    }
    watch.running_.push_back(std::move(pidfd));
  }
  return watch;
}

bool PidWatch::all_exited() {
  std::array<epoll_event, 16> exited{};
  for (;;) {
    const int n = ::epoll_wait(epoll_.get(), exited.data(), static_cast<int>(exited.size()), 0);
    if (n <= 0) {
      return running_.empty();
    }
    for (const epoll_event& event : std::span(exited).first(static_cast<std::size_t>(n))) {
      // Closing the pidfd takes it out of the epoll set.
      std::erase_if(running_, [&](const UniqueFd& fd) { return fd.get() == event.data.fd; });
    }
  }
}

}  // namespace tcptrace::host
