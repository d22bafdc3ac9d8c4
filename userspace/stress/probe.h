// SPDX-License-Identifier: GPL-2.0
// Connects to a server once, and sees where the time goes.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/result.h"
#include "model/probe.h"
#include "stress/address.h"
#include "stress/wait.h"

namespace tcptrace::stress {

// What this host does by itself when nobody answers.
[[nodiscard]] model::ProbeHost read_probe_host();

class Prober {
 public:
  // Readability of `interrupt_fd` ends whatever it waits for; it is not read.
  Prober(const model::ProbeConfig& config, int interrupt_fd)
      : config_(config), interrupt_fd_(interrupt_fd) {}

  // The addresses of the target: asks for them unless they are known, or with --resolve-each.
  // Empty: interrupted. What the resolver cannot do now is in the attempt; a name that nobody
  // has known yet is an error.
  [[nodiscard]] Result<std::optional<model::ProbeAttempt>> resolve();

  // Goes on with what resolve() began: connects to its addresses until one answers, or to the one
  // at `address` of them alone. False: interrupted.
  [[nodiscard]] bool connect(model::ProbeAttempt& attempt, std::optional<std::size_t> address);

  [[nodiscard]] std::size_t addresses() const { return addresses_.size(); }

 private:
  enum class Wait : std::uint8_t { kReady, kTimedOut, kInterrupted };

  [[nodiscard]] bool connect_one(const SocketAddress& address, model::ProbeConnect& result) const;
  [[nodiscard]] bool await_first_byte(int fd, model::ProbeConnect& result) const;
  [[nodiscard]] Wait await(int fd, short events, Clock::time_point deadline) const;

  const model::ProbeConfig& config_;
  int interrupt_fd_;
  std::vector<SocketAddress> addresses_;
};

}  // namespace tcptrace::stress
