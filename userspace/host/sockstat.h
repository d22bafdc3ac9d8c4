// SPDX-License-Identifier: GPL-2.0
// net/sockstat and net/sockstat6: how many TCP sockets there are and the memory they take.
#pragma once

#include <filesystem>
#include <string_view>

#include "base/result.h"
#include "model/host_facts.h"

namespace tcptrace::host {

// Adds what `text` says of TCP: "TCP: inuse 1 orphan 0 …", "TCP6: inuse 0". What is no number is
// passed over.
void parse_sockstat(std::string_view text, model::Sockstat& into);

// `directory` is a /proc/…/net. Without IPv6 there is no sockstat6.
[[nodiscard]] Result<model::Sockstat> read_sockstat(const std::filesystem::path& directory);

}  // namespace tcptrace::host
