// SPDX-License-Identifier: GPL-2.0
// Small readers of procfs. `root` is where /proc, /sys and /run are looked for: "/" except in
// tests.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/parse.h"
#include "base/result.h"

namespace tcptrace::host {

// The file, read to its end, since procfs reports no sizes, but no further than `limit`.
[[nodiscard]] Result<std::string> read_file(const std::filesystem::path& path,
                                            std::size_t limit = SIZE_MAX);

[[nodiscard]] std::filesystem::path proc_dir(const std::filesystem::path& root, std::uint32_t pid);

// The value of a line "Key:\tvalue", as in /proc/PID/status.
[[nodiscard]] std::optional<std::string_view> status_value(std::string_view status,
                                                           std::string_view key);

// N of "type:[N]": what the links of /proc/PID/ns and /proc/PID/fd hold.
[[nodiscard]] std::optional<std::uint64_t> link_inode(std::string_view link, std::string_view type);

// Every process, lowest first; threads are not listed.
[[nodiscard]] std::vector<std::uint32_t> list_pids(const std::filesystem::path& root);

// The thread group that `pid` belongs to: itself for a process, another for a thread; empty: there
// is no such id.
[[nodiscard]] std::optional<std::uint32_t> thread_group(const std::filesystem::path& root,
                                                        std::uint32_t pid);

// Whether /proc numbers processes as the kernel's own pid namespace does (PROC_PID_INIT_INO in
// include/linux/proc_ns.h): only those are the pids that a BPF program sees.
[[nodiscard]] bool in_initial_pid_namespace(const std::filesystem::path& root);

// As in /proc/PID/comm; empty when it is gone.
[[nodiscard]] std::string comm_of(const std::filesystem::path& root, std::uint32_t pid);

// The mount points of one type of file system, in the order of /proc/self/mountinfo.
[[nodiscard]] std::vector<std::filesystem::path> mounts_of_type(const std::filesystem::path& root,
                                                                std::string_view type);

}  // namespace tcptrace::host
