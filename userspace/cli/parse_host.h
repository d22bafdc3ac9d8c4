// SPDX-License-Identifier: GPL-2.0
// What parsing has to ask the machine: does this process exist, which number has this namespace.
// Three functions, so that a test can answer instead of /proc.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string_view>

#include "base/result.h"
#include "cli/root.h"

namespace tcptrace::cli {

struct HostLookup {
  // The thread group of a process or thread; empty: there is none with this id.
  std::function<std::optional<std::uint32_t>(std::uint32_t)> thread_group;
  // The inode number of a namespace given by name, path or pid:N.
  std::function<Result<std::uint32_t>(std::string_view)> netns;
  // The id of a cgroup given by path.
  std::function<Result<std::uint64_t>(std::string_view)> cgroup;
};

// Answers from the running system below `root`.
[[nodiscard]] HostLookup host_lookup(const std::filesystem::path& root = kRoot);

}  // namespace tcptrace::cli
