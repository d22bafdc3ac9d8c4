// SPDX-License-Identifier: GPL-2.0
// What this machine and this user allow: the facts behind `tcptrace check`. Judges nothing.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tcptrace::host {

struct Machine {
  std::string name;          // uname -n
  std::string kernel;        // uname -r
  std::string architecture;  // uname -m
};
[[nodiscard]] Machine read_machine();

// The names of a capability mask, as in capabilities(7); one that is not known here is "CAP_63".
[[nodiscard]] std::vector<std::string> capability_names(std::uint64_t mask);

struct Privileges {
  std::vector<std::string> capabilities;  // effective
  std::optional<std::string>
      lockdown;  // "none", "integrity", "confidentiality"; empty: no lockdown LSM
  std::optional<std::uint64_t> btf_bytes;        // of /sys/kernel/btf/vmlinux
  std::optional<std::filesystem::path> tracefs;  // where it is mounted
  std::optional<std::filesystem::path> cgroup2;  // likewise

  [[nodiscard]] bool has(std::string_view capability) const;  // "CAP_BPF"
};

[[nodiscard]] Privileges read_privileges(const std::filesystem::path& root);

}  // namespace tcptrace::host
