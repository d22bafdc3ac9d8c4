// SPDX-License-Identifier: GPL-2.0
// The signals that end a run, as a file descriptor.
#pragma once

#include <signal.h>

#include <optional>

#include "base/result.h"
#include "base/unique_fd.h"

namespace tcptrace::host {

// Blocks SIGINT, SIGTERM and SIGHUP in the calling thread until destroyed: make it before any other
// thread. A SIGHUP that is ignored, as under nohup, stays ignored.
class SignalFd {
 public:
  [[nodiscard]] static Result<SignalFd> open();
  SignalFd(SignalFd&& other) noexcept = default;
  SignalFd& operator=(SignalFd&& other) = delete;
  SignalFd(const SignalFd&) = delete;
  SignalFd& operator=(const SignalFd&) = delete;
  ~SignalFd();

  // Readable when a signal has arrived.
  [[nodiscard]] int fd() const { return fd_.get(); }

  // The next signal that has arrived; empty: none. Does not block.
  [[nodiscard]] std::optional<int> next();

 private:
  SignalFd() = default;

  UniqueFd fd_;
  sigset_t previous_{};  // the mask to go back to
};

}  // namespace tcptrace::host
