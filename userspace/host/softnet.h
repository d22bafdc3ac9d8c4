// SPDX-License-Identifier: GPL-2.0
// net/softnet_stat: what the CPUs did with the packets that came, whatever their namespace.
#pragma once

#include <filesystem>
#include <string_view>

#include "base/result.h"
#include "model/host_facts.h"

namespace tcptrace::host {

// Sums up the CPUs. Kernels differ in the number of columns: the first three are old.
[[nodiscard]] model::Softnet parse_softnet(std::string_view text);

// `directory` is a /proc/…/net.
[[nodiscard]] Result<model::Softnet> read_softnet(const std::filesystem::path& directory);

}  // namespace tcptrace::host
