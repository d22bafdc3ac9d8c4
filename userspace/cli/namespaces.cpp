// SPDX-License-Identifier: GPL-2.0
#include "cli/namespaces.h"

#include <algorithm>
#include <string>

#include "host/procfs.h"
#include "model/filter.h"

namespace tcptrace::cli {
namespace {

std::vector<std::string> paths_of(const host::NetNamespace& netns) {
  std::vector<std::string> paths;
  paths.reserve(netns.pids.size() + 1);
  for (const std::uint32_t pid : netns.pids) {
    paths.push_back((host::proc_dir("/", pid) / "ns/net").native());
  }
  if (!netns.name.empty()) {
    paths.push_back("/run/netns/" + netns.name);
  }
  return paths;
}

}  // namespace

std::vector<kernel::SocketNamespace> namespaces_to_read(
    const std::vector<host::NetNamespace>& found, const std::vector<std::uint32_t>& wanted) {
  std::vector<kernel::SocketNamespace> result;
  for (const host::NetNamespace& netns : found) {
    if (model::empty_or_has(wanted, netns.inode)) {
      result.push_back({.inode = netns.inode, .paths = paths_of(netns)});
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
