// SPDX-License-Identifier: GPL-2.0
// Connection tracking: how many connections it knows, how many it may, and what it had to refuse.
#pragma once

#include <filesystem>
#include <optional>
#include <string_view>
#include <vector>

#include "model/host_facts.h"

namespace tcptrace::host {

// Of net/stat/nf_conntrack: the counters of all CPUs; `count` is what every line repeats. Columns
// go by their names, which kernels added and took away.
[[nodiscard]] model::Conntrack parse_conntrack_stat(std::string_view text);

// `directory` is a /proc/…/net; the settings are those of its namespace, as far as they are known.
// Empty: nothing is tracked there.
[[nodiscard]] std::optional<model::Conntrack> read_conntrack(const std::filesystem::path& directory,
                                                             const model::Sysctls& sysctls);

}  // namespace tcptrace::host
