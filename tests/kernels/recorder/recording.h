// SPDX-License-Identifier: GPL-2.0
// What the kernel says of a host, as it says it: procfs, and sock_diag's answers. Knows of no
// reader.
#pragma once

#include <sys/types.h>

#include <nlohmann/json.hpp>

namespace tcptrace::recorder {

// Each adds to {"files":{"proc/…":"…"},"links":{"proc/…":"net:[…]"}}. Each byte of a file is one
// character of its text, U+0000 to U+00FF. What is not there, or may not be read, is left out: on
// that host it is missing.
// Of the network namespace of the calling thread, with the time in "boot_time_ns".
void record_counters(nlohmann::json& into);
// Its settings, and what else is known of the host.
void record_surroundings(nlohmann::json& into);
void record_process(pid_t pid, nlohmann::json& into);

// The datagrams of two answers in hexadecimal: {"without_info":["…"],"with_info":["…"]}. Throws
// what the kernel has against it.
[[nodiscard]] nlohmann::json record_sock_diag();

}  // namespace tcptrace::recorder
