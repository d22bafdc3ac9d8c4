// SPDX-License-Identifier: GPL-2.0
#include "cli/consume.h"

#include <poll.h>

#include <cstddef>
#include <span>

namespace tcptrace::cli {

Result<bool> consume_within(std::chrono::milliseconds wait, kernel::BpfSession& session,
                            Pipeline& pipeline) {
  pollfd ready{.fd = session.fd(), .events = POLLIN, .revents = 0};
  ::poll(&ready, 1, static_cast<int>(wait.count()));
  return session.consume([&pipeline](std::span<const std::byte> record) { pipeline.take(record); });
}

}  // namespace tcptrace::cli
