// SPDX-License-Identifier: GPL-2.0
#include "cli/parse_host.h"

#include "host/cgroup_names.h"
#include "host/netns.h"
#include "host/procfs.h"

namespace tcptrace::cli {

HostLookup host_lookup(const std::filesystem::path& root) {
  return HostLookup{
      .thread_group = [root](std::uint32_t pid) { return host::thread_group(root, pid); },
      .netns = [root](std::string_view text) { return host::netns_inode(root, text); },
      .cgroup = [root](std::string_view path) { return host::cgroup_id(root, path); },
  };
}

}  // namespace tcptrace::cli
