// SPDX-License-Identifier: GPL-2.0
#include "host/signal_fd.h"

#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>

namespace tcptrace::host {
namespace {

bool ignored(int signal) {
  struct sigaction action {};
  return ::sigaction(signal, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
}

}  // namespace

Result<SignalFd> SignalFd::open() {
  sigset_t wanted;
  ::sigemptyset(&wanted);
  ::sigaddset(&wanted, SIGINT);
  ::sigaddset(&wanted, SIGTERM);
  if (!ignored(SIGHUP)) {
    ::sigaddset(&wanted, SIGHUP);
  }
  SignalFd result;
  result.fd_.reset(::signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!result.fd_.valid()) {
    return std::unexpected(system_error("cannot make a signalfd", errno));
  }
  if (const int failure = ::pthread_sigmask(SIG_BLOCK, &wanted, &result.previous_); failure != 0) {
    result.fd_.reset();
    return std::unexpected(system_error("cannot block signals", failure));
  }
  return result;
}

SignalFd::~SignalFd() {
  if (fd_.valid()) {
    // One that nobody asked for must not end the process after all.
    while (next()) {
    }
    ::pthread_sigmask(SIG_SETMASK, &previous_, nullptr);
  }
}

std::optional<int> SignalFd::next() {
  signalfd_siginfo info{};
  if (::read(fd_.get(), &info, sizeof(info)) != sizeof(info)) {
    return std::nullopt;
  }
  return static_cast<int>(info.ssi_signo);
}

}  // namespace tcptrace::host
