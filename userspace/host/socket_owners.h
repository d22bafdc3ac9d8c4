// SPDX-License-Identifier: GPL-2.0
// Who holds which socket, from /proc/PID/fd: where no BPF iterator can tell.
#pragma once

#include <cstdint>
#include <filesystem>

#include "model/filter.h"
#include "model/socket_owners.h"

namespace tcptrace::host {

// Adds the sockets of every process for which the filter's conditions on processes hold, lowest pid
// first. A cgroup matches with all below it. Returns how many processes could not be looked at;
// those that exit meanwhile are not counted.
std::uint64_t read_socket_owners(const std::filesystem::path& root, const model::Filter& filter,
                                 model::SocketOwners& owners);

}  // namespace tcptrace::host
