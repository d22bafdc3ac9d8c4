// SPDX-License-Identifier: GPL-2.0
// Iterators and sock_diag show the sockets of one network namespace: of all of them, one after the
// other.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"

namespace tcptrace::kernel {

struct SocketNamespace {
  std::uint32_t inode = 0;
  std::vector<std::string> paths;  // open to it, as long as it is there
};

struct UnreadNamespace {
  std::uint32_t inode = 0;
  Error error;
};

// Calls `read` with the inode number of each from within it. Leaves the calling thread in the last
// one. Returns those that could not be entered or read.
[[nodiscard]] std::vector<UnreadNamespace> visit_namespaces(
    std::span<const SocketNamespace> namespaces,
    const std::function<Result<void>(std::uint32_t inode)>& read);

}  // namespace tcptrace::kernel
