// SPDX-License-Identifier: GPL-2.0
// The former values of settings, on disk before any of them is changed.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "host/atomic_file.h"

namespace tcptrace::host {

// Whose settings they are. Values end with their namespace, at the latest with the boot; the host's
// come back at the next one where there is a drop-in.
struct SettingsOwner {
  bool host = true;          // the machine's own namespace, or a tree that was named
  std::uint32_t netns = 0;   // inode number
  std::uint64_t cookie = 0;  // SO_NETNS_COOKIE: never used again in a boot; 0: not known
  std::string boot_id{};     // of /proc/sys/kernel/random

  [[nodiscard]] bool operator==(const SettingsOwner&) const = default;
};

// Whether the settings below it are the machine's own, however it was named.
[[nodiscard]] bool is_own_root(const std::filesystem::path& root);

// Of the calling thread's namespace, unless the settings are those of a tree: of these nobody knows
// what they belong to.
[[nodiscard]] SettingsOwner settings_owner(const std::filesystem::path& root, bool tree);

struct SysctlBackup {
  struct Setting {
    std::string name;
    std::string value;  // as the kernel printed it
  };

  SettingsOwner owner;
  bool dropin_written = false;
  std::optional<StoredFile> dropin{};  // as it was before; empty: there was none
  std::vector<Setting> settings{};

  [[nodiscard]] const Setting* find(std::string_view name) const;
  // Of a namespace that is gone, or of a boot that is over, there is no value to go back to, unless
  // a drop-in has brought the changed ones back. What is left is the drop-in, if one was written.
  void forget_what_is_over(const SettingsOwner& now);
  [[nodiscard]] bool empty() const { return settings.empty() && !dropin_written; }
};

[[nodiscard]] std::filesystem::path backup_path(const std::filesystem::path& root,
                                                const SettingsOwner& owner);

// Empty: there is none. A backup that is damaged is an error: nothing may take its place.
[[nodiscard]] Result<std::optional<SysctlBackup>> load_backup(const std::filesystem::path& path);
[[nodiscard]] Result<void> store_backup(const std::filesystem::path& path,
                                        const SysctlBackup& backup);

// The backup of another namespace beside `own` that a drop-in was written for. There is one drop-in
// for all of them, and only the first to write it knows what was there before. Empty: none.
[[nodiscard]] Result<std::optional<std::filesystem::path>> other_dropin_backup(
    const std::filesystem::path& own);

}  // namespace tcptrace::host
