// SPDX-License-Identifier: GPL-2.0
// The network namespaces that host/ finds, as kernel/ reads them.
#pragma once

#include <cstdint>
#include <vector>

#include "host/netns.h"
#include "kernel/socket_namespaces.h"

namespace tcptrace::cli {

// This host's, as far as this user may see them. Empty `wanted`: all.
[[nodiscard]] std::vector<host::NetNamespace> find_namespaces(
    const std::vector<std::uint32_t>& wanted);

// Those of `found` that the filter asks for by inode number; one that is asked for and was not
// found has no path. Empty `wanted`: all.
[[nodiscard]] std::vector<kernel::SocketNamespace> namespaces_to_read(
    const std::vector<host::NetNamespace>& found, const std::vector<std::uint32_t>& wanted);

}  // namespace tcptrace::cli
