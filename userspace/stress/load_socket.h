// SPDX-License-Identifier: GPL-2.0
// The sockets of a load, with as few system calls as each needs.
#pragma once

#include <chrono>
#include <cstdint>

#include "base/unique_fd.h"
#include "model/load.h"
#include "stress/load_plan.h"

namespace tcptrace::stress {

// An errno; 0: none.
using Errno = int;

[[nodiscard]] inline model::LoadFailure of_errno(model::LoadPhase phase, Errno error) {
  return {
      .phase = phase, .check = model::LoadCheck::kNone, .error = static_cast<std::uint32_t>(error)};
}

struct ConnectStart {
  UniqueFd fd;  // invalid: there is no socket
  Errno error = 0;
  bool begun = false;  // connect() was called
};

// A non-blocking socket as the plan wants it, on its way. `error` is EINPROGRESS as long as nothing
// is known.
[[nodiscard]] ConnectStart begin_connect(const LoadPlan& plan, const LoadRoute& route,
                                         std::uint64_t turn);

// How a connect stands, without waiting: 0 or its error, EINPROGRESS while it goes on.
[[nodiscard]] Errno connect_outcome(int fd);

// What is known of a socket that failed; -1: none was made.
[[nodiscard]] model::FailedConnection describe_failed(int fd, const SocketAddress& peer,
                                                      const model::LoadFailure& failure);

}  // namespace tcptrace::stress
