// SPDX-License-Identifier: GPL-2.0
// Says when the last of some processes has exited. By pidfd: a pid that is reused does not deceive
// it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"

namespace tcptrace::host {

class PidWatch {
 public:
  // A process that has already exited counts as exited.
  [[nodiscard]] static Result<PidWatch> open(std::span<const std::uint32_t> pids);

  // Readable when another process has exited: then call all_exited().
  [[nodiscard]] int fd() const { return epoll_.get(); }

  // Takes note of the exits so far. Ask once before the first poll.
  [[nodiscard]] bool all_exited();

 private:
  UniqueFd epoll_;
  std::vector<UniqueFd> running_;  // pidfds
};

}  // namespace tcptrace::host
