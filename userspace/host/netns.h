// SPDX-License-Identifier: GPL-2.0
// The network namespaces that can be reached: through a process in them or a name under /run/netns.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace tcptrace::host {

inline constexpr std::size_t kMaxPidsPerNetns = 4;

struct NetNamespace {
  std::uint32_t inode = 0;
  std::vector<std::uint32_t>
      pids;                    // some processes in it, lowest first; empty: only a name keeps it
  std::string name;            // as given to `ip netns add`; may be empty
  std::filesystem::path path;  // opens to it: /proc/812/ns/net, /run/netns/blue
  bool host = false;           // the one the machine booted with
};

// By inode number. One that only a file descriptor, a socket or a bind mount elsewhere keeps is not
// found.
[[nodiscard]] std::vector<NetNamespace> list_netns(const std::filesystem::path& root);

// Whether it is there yet, as far as the processes and the name tell by which it was found.
[[nodiscard]] bool netns_exists(const std::filesystem::path& root, const NetNamespace& netns);

// What opens to it, as long as it is there: through each of its processes, then by its name.
[[nodiscard]] std::vector<std::string> netns_paths(const std::filesystem::path& root,
                                                   const NetNamespace& netns);

// That of the calling thread; empty: procfs is not mounted.
[[nodiscard]] std::optional<std::uint32_t> own_netns(const std::filesystem::path& root);

// The one the machine booted with; empty: nobody who is in it may be looked at.
[[nodiscard]] std::optional<std::uint32_t> host_netns(const std::filesystem::path& root);

// "host", "netns blue", "pid 812 (nginx)".
[[nodiscard]] std::string netns_label(const std::filesystem::path& root, const NetNamespace& netns);

// The network namespace a process is in; empty: gone, or not ours to look at.
[[nodiscard]] std::optional<std::uint32_t> netns_of_pid(const std::filesystem::path& root,
                                                        std::uint32_t pid);

// The inode number of a namespace given as pid:N, as an absolute path or as a name under
// /run/netns.
[[nodiscard]] Result<std::uint32_t> netns_inode(const std::filesystem::path& root,
                                                std::string_view text);

}  // namespace tcptrace::host
