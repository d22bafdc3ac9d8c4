// SPDX-License-Identifier: GPL-2.0
// Kernel settings by name, below /proc/sys. Those of the network are of the calling thread's
// namespace.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/host_facts.h"

namespace tcptrace::host {

// The file of "net.ipv4.tcp_fin_timeout". As for sysctl(8), where the first separator is a slash,
// slashes separate and dots belong to names: "net/ipv4/conf/eth0.1/rp_filter". Fails for what is no
// name.
[[nodiscard]] Result<std::filesystem::path> sysctl_path(const std::filesystem::path& root,
                                                        std::string_view name);

// The value as model::Sysctls has it. Empty: this kernel, or this namespace, has no such setting.
[[nodiscard]] Result<std::optional<std::string>> read_sysctl(const std::filesystem::path& root,
                                                             std::string_view name);

// What a setting would read as that has this value: words apart by one blank.
[[nodiscard]] std::string normalised_sysctl(std::string_view value);

// Writes a value. The error is the kernel's: EINVAL for a value that it does not take.
[[nodiscard]] Result<void> write_sysctl(const std::filesystem::path& root, std::string_view name,
                                        std::string_view value);

// Whether anybody may write it.
enum class SysctlAccess : std::uint8_t {
  kWritable,
  kReadOnlyMount,  // as containers have /proc/sys
  kReadOnlyFile,   // a namespace shows some settings of the host so, which it cannot set
  kAbsent,
};
[[nodiscard]] SysctlAccess sysctl_access(const std::filesystem::path& root, std::string_view name);
// Why one that is there cannot be set; empty: it can.
[[nodiscard]] std::string_view why_not_writable(SysctlAccess access);

// Those of `names` that are there; what is there and could not be read is added to `unread`.
[[nodiscard]] model::Sysctls read_sysctls(const std::filesystem::path& root,
                                          std::span<const std::string_view> names,
                                          std::vector<model::UnreadFact>& unread);

}  // namespace tcptrace::host
