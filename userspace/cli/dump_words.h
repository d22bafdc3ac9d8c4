// SPDX-License-Identifier: GPL-2.0
// What every command that dumps sockets says of its dumps, and asks of their filter.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "host/netns.h"
#include "kernel/socket_dump.h"
#include "model/filter.h"

namespace tcptrace::cli {

// A line on stderr.
void say(const std::string& text);

// What a dump could not read, a line each.
void say_unread(const kernel::DumpReport& report);

// The same, save for the namespaces.
[[nodiscard]] std::vector<std::string> shortfalls(const kernel::DumpReport& report);

// The error of a dump that could read nothing.
[[nodiscard]] Result<void> check_read(const kernel::DumpReport& report);

// What the processes of a pid namespace of its own are called there is not what BPF calls them.
[[nodiscard]] Result<void> check_pid_namespace(const model::Filter& filter,
                                               const kernel::SocketDump& dump);

// "host", "netns blue"; its inode number where nothing is known of it.
[[nodiscard]] std::string netns_name(const std::vector<host::NetNamespace>& known,
                                     std::uint32_t inode);

}  // namespace tcptrace::cli
