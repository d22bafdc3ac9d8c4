// SPDX-License-Identifier: GPL-2.0
// Two ways to read what /proc shows of one network namespace: through a process in it, which takes
// few privileges, and from within it, which shows its settings too.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/netns_entry.h"
#include "base/result.h"
#include "base/start_thread.h"
#include "host/netns.h"
#include "host/procfs.h"

namespace tcptrace::host {

// What `read` makes of the /proc/PID/net of a process in the namespace.
template <typename T, typename Read>
[[nodiscard]] Result<T> read_through_process(const std::filesystem::path& root,
                                             const NetNamespace& netns, const Read& read) {
  for (const std::uint32_t pid : netns.pids) {
    Result<T> value = read(proc_dir(root, pid) / "net");
    // It may have exited, and another may have its number or it may have moved: the numbers would
    // be another's.
    if (value && netns_of_pid(root, pid) == netns.inode) {
      return value;
    }
  }
  return std::unexpected(Error{.what = "its processes exited while it was read"});
}

// What `read` makes of /proc/thread-self/net from within the namespace. There, below /proc/sys/net,
// are its settings.
template <typename T, typename Read>
[[nodiscard]] Result<T> read_from_within(const std::filesystem::path& root, std::uint32_t inode,
                                         const std::vector<std::string>& paths, const Read& read) {
  auto reading = start_thread([&]() -> Result<T> {
    if (auto entered = enter_netns(inode, paths); !entered) {
      return std::unexpected(entered.error());
    }
    return read(root / "proc/thread-self/net");
  });
  return reading ? reading->get() : std::unexpected(reading.error());
}

}  // namespace tcptrace::host
