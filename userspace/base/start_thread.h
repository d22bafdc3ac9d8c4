// SPDX-License-Identifier: GPL-2.0
// Work in a thread of its own.
#pragma once

#include <future>
#include <system_error>
#include <type_traits>
#include <utility>

#include "base/result.h"

namespace tcptrace {

// Starts it at once; its result, for which the destructor of the future waits. Fails where there
// may be no more threads (RLIMIT_NPROC, pids.max), which std::async() throws.
template <typename Work>
[[nodiscard]] Result<std::future<std::invoke_result_t<Work>>> start_thread(Work work) {
  try {
    return std::async(std::launch::async, std::move(work));
  } catch (const std::system_error& failure) {
    return std::unexpected(system_error("cannot start a thread", failure.code().value()));
  }
}

}  // namespace tcptrace
