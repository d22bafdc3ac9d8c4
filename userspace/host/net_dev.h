// SPDX-License-Identifier: GPL-2.0
// net/dev: what went through each network interface, and what was lost there.
#pragma once

#include <filesystem>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/host_facts.h"

namespace tcptrace::host {

// In the order of the file. A line of another form is passed over.
[[nodiscard]] std::vector<model::Interface> parse_net_dev(std::string_view text);

// `directory` is a /proc/…/net.
[[nodiscard]] Result<std::vector<model::Interface>> read_net_dev(
    const std::filesystem::path& directory);

}  // namespace tcptrace::host
