// SPDX-License-Identifier: GPL-2.0
// Into another network namespace: what the edges that read namespace by namespace share.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "base/result.h"

namespace tcptrace {

// Puts the calling thread into the namespace with this inode number, for good, through the first of
// `paths` that opens to it: only for a thread that ends afterwards.
[[nodiscard]] Result<void> enter_netns(std::uint32_t inode, std::span<const std::string> paths);

}  // namespace tcptrace
