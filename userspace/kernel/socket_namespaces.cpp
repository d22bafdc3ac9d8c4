// SPDX-License-Identifier: GPL-2.0
#include "kernel/socket_namespaces.h"

#include <utility>

#include "base/netns_entry.h"

namespace tcptrace::kernel {

std::vector<UnreadNamespace> visit_namespaces(
    std::span<const SocketNamespace> namespaces,
    const std::function<Result<void>(std::uint32_t inode)>& read) {
  std::vector<UnreadNamespace> unread;
  for (const SocketNamespace& netns : namespaces) {
    Result<void> done = enter_netns(netns.inode, netns.paths);
    if (done) {
      done = read(netns.inode);
    }
    if (!done) {
      unread.push_back({.inode = netns.inode, .error = std::move(done.error())});
    }
  }
  return unread;
}

}  // namespace tcptrace::kernel
