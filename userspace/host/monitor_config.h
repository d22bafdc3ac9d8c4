// SPDX-License-Identifier: GPL-2.0
// The monitor's configuration: one JSON object of thresholds.
#pragma once

#include <filesystem>
#include <string_view>

#include "base/result.h"
#include "model/monitor_config.h"

namespace tcptrace::host {

// What `text` changes of the defaults. An error is ExitStatus::kUsage and begins with `name`, the
// line and, where the text is no JSON, the column.
[[nodiscard]] Result<model::MonitorConfig> parse_monitor_config(std::string_view text,
                                                                std::string_view name);

[[nodiscard]] Result<model::MonitorConfig> read_monitor_config(const std::filesystem::path& path);

}  // namespace tcptrace::host
