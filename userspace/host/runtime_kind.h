// SPDX-License-Identifier: GPL-2.0
// What a process runs on: told from its executable, what it has mapped and what it calls itself.
// Reads a bounded part of each; nothing of it is printed.
#pragma once

#include <cstdint>
#include <filesystem>

#include "model/pool.h"

namespace tcptrace::host {

// kUnknown: none of those that are known, or gone. Of a process of another user only its name and
// command line are there.
[[nodiscard]] model::RuntimeKind runtime_of(const std::filesystem::path& root, std::uint32_t pid);

// Whether an ELF file has a section by which Go marks what it builds. Anything may be in the file.
[[nodiscard]] bool built_by_go(const std::filesystem::path& file);

}  // namespace tcptrace::host
