// SPDX-License-Identifier: GPL-2.0
// The cgroups below others, as they are now.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <vector>

namespace tcptrace::host {

// The ids asked for and those of all their descendants in the cgroup v2 hierarchy.
[[nodiscard]] std::vector<std::uint64_t> with_descendants(const std::filesystem::path& root,
                                                          std::span<const std::uint64_t> ids);

}  // namespace tcptrace::host
