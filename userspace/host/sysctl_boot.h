// SPDX-License-Identifier: GPL-2.0
// What the other files of sysctl.d(5) set at boot.
#pragma once

#include <filesystem>
#include <span>
#include <string_view>
#include <vector>

#include "model/tune.h"
#include "tune/dropin.h"

namespace tcptrace::host {

// Files that are read after the drop-in `name` and set one of these settings to another value: by
// the order of sysctl.d(5), and /etc/sysctl.conf, which sysctl --system reads last.
[[nodiscard]] std::vector<model::BootOverride> boot_overrides(
    const std::filesystem::path& root, std::string_view dropin,
    std::span<const tune::DropinSetting> settings);

}  // namespace tcptrace::host
