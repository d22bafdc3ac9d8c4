// SPDX-License-Identifier: GPL-2.0
// Settings changed for good, and put back: backup, drop-in, values, in this order, so that a run
// that is cut off anywhere can be undone.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "host/sysctl_backup.h"
#include "model/tune.h"
#include "tune/dropin.h"

namespace tcptrace::host {

inline constexpr std::string_view kDropinName = "90-tcptrace.conf";
[[nodiscard]] std::filesystem::path dropin_path(const std::filesystem::path& root);

// Where settings are, and whether they are to outlast the boot.
struct SettingsTarget {
  std::filesystem::path root = "/";
  SettingsOwner owner{};
  bool dropin = true;  // false: only the values, as long as the namespace is there
};

// An error: the drop-in was written for another namespace, so that apply_settings() would refuse.
[[nodiscard]] Result<void> check_dropin_is_free(const SettingsTarget& target);

// Asked between two settings; true: no more of them, and those of this run are put back.
using Interrupted = std::function<bool()>;

// A setting that the kernel refuses is not left in the drop-in. What fails before the first value
// is changed leaves everything as it was.
[[nodiscard]] Result<model::TuneOutcome> apply_settings(
    const SettingsTarget& target, const std::vector<tune::DropinSetting>& settings,
    const Interrupted& interrupted);

// Puts back values and drop-in as the first --apply found them. The backup stays where not all of
// it worked. `target.dropin` is not looked at: the backup knows.
[[nodiscard]] Result<model::TuneOutcome> restore_settings(const SettingsTarget& target);

}  // namespace tcptrace::host
