// SPDX-License-Identifier: GPL-2.0
#include "host/privileges.h"

#include <sys/utsname.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <system_error>

#include <fmt/core.h>

#include "host/cgroup_names.h"
#include "host/procfs.h"

namespace tcptrace::host {
namespace {

namespace fs = std::filesystem;

// By bit number: include/uapi/linux/capability.h.
constexpr std::array<std::string_view, 41> kCapabilities{
    "CAP_CHOWN",
    "CAP_DAC_OVERRIDE",
    "CAP_DAC_READ_SEARCH",
    "CAP_FOWNER",
    "CAP_FSETID",
    "CAP_KILL",
    "CAP_SETGID",
    "CAP_SETUID",
    "CAP_SETPCAP",
    "CAP_LINUX_IMMUTABLE",
    "CAP_NET_BIND_SERVICE",
    "CAP_NET_BROADCAST",
    "CAP_NET_ADMIN",
    "CAP_NET_RAW",
    "CAP_IPC_LOCK",
    "CAP_IPC_OWNER",
    "CAP_SYS_MODULE",
    "CAP_SYS_RAWIO",
    "CAP_SYS_CHROOT",
    "CAP_SYS_PTRACE",
    "CAP_SYS_PACCT",
    "CAP_SYS_ADMIN",
    "CAP_SYS_BOOT",
    "CAP_SYS_NICE",
    "CAP_SYS_RESOURCE",
    "CAP_SYS_TIME",
    "CAP_SYS_TTY_CONFIG",
    "CAP_MKNOD",
    "CAP_LEASE",
    "CAP_AUDIT_WRITE",
    "CAP_AUDIT_CONTROL",
    "CAP_SETFCAP",
    "CAP_MAC_OVERRIDE",
    "CAP_MAC_ADMIN",
    "CAP_SYSLOG",
    "CAP_WAKE_ALARM",
    "CAP_BLOCK_SUSPEND",
    "CAP_AUDIT_READ",
    "CAP_PERFMON",
    "CAP_BPF",
    "CAP_CHECKPOINT_RESTORE",
};

// The file reads "none [integrity] confidentiality".
std::optional<std::string> lockdown_mode(const fs::path& root) {
  const auto text = read_file(root / "sys/kernel/security/lockdown");
  if (!text) {
    return std::nullopt;
  }
  const std::size_t open = text->find('[');
  const std::size_t close = text->find(']');
  if (open == std::string::npos || close == std::string::npos || close < open) {
    return std::nullopt;
  }
  return text->substr(open + 1, close - open - 1);
}

void read_status(const fs::path& root, Privileges& into) {
  const auto status = read_file(root / "proc/self/status");
  if (!status) {
    return;
  }
  if (const auto mask = status_value(*status, "CapEff")) {
    into.capabilities = capability_names(parse_number<std::uint64_t>(*mask, 16).value_or(0));
  }
}

}  // namespace

Machine read_machine() {
  utsname names{};
  if (::uname(&names) != 0) {
    return {};
  }
  return {.name = names.nodename, .kernel = names.release, .architecture = names.machine};
}

std::vector<std::string> capability_names(std::uint64_t mask) {
  std::vector<std::string> names;
  for (std::size_t bit = 0; bit < 64; ++bit) {
    if ((mask >> bit & 1) != 0) {
      names.push_back(bit < kCapabilities.size() ? std::string(kCapabilities[bit])
                                                 : fmt::format("CAP_{}", bit));
    }
  }
  return names;
}

bool Privileges::has(std::string_view capability) const {
  return std::ranges::find(capabilities, capability) != capabilities.end();
}

Privileges read_privileges(const fs::path& root) {
  Privileges result;
  read_status(root, result);
  result.lockdown = lockdown_mode(root);
  std::error_code failure;
  const auto size = fs::file_size(root / "sys/kernel/btf/vmlinux", failure);
  if (!failure) {
    result.btf_bytes = size;
  }
  if (const auto mounts = mounts_of_type(root, "tracefs"); !mounts.empty()) {
    result.tracefs = mounts.front();
  }
  result.cgroup2 = cgroup2_mount(root);
  return result;
}

}  // namespace tcptrace::host
