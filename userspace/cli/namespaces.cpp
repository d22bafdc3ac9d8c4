// SPDX-License-Identifier: GPL-2.0
#include "cli/namespaces.h"

#include <algorithm>

#include "cli/root.h"
#include "model/filter.h"

namespace tcptrace::cli {

std::vector<host::NetNamespace> find_namespaces(const std::vector<std::uint32_t>& wanted) {
  std::vector<host::NetNamespace> found = host::list_netns(kRoot);
  std::erase_if(found, [&wanted](const host::NetNamespace& netns) {
    return !model::empty_or_has(wanted, netns.inode);
  });
  return found;
}

std::vector<kernel::SocketNamespace> namespaces_to_read(
    const std::vector<host::NetNamespace>& found, const std::vector<std::uint32_t>& wanted) {
  std::vector<kernel::SocketNamespace> result;
  for (const host::NetNamespace& netns : found) {
    if (model::empty_or_has(wanted, netns.inode)) {
      result.push_back({.inode = netns.inode, .paths = host::netns_paths(kRoot, netns)});
    }
  }
  for (const std::uint32_t inode : wanted) {
    if (std::ranges::find(found, inode, &host::NetNamespace::inode) == found.end()) {
      result.push_back({.inode = inode, .paths = {}});
    }
  }
  return result;
}

}  // namespace tcptrace::cli
