// SPDX-License-Identifier: GPL-2.0
// A file system of the kernel's that only this process sees: nothing has to be mounted, and nothing
// stays.
#pragma once

#include <optional>
#include <string>

#include "base/unique_fd.h"

namespace tcptrace::kernel {

// Its root (fsmount(2), Linux 5.2); invalid, with errno, where the kernel or the privileges refuse.
[[nodiscard]] UniqueFd mount_private(const char* type);

// A file of one short line below `directory`; empty, with errno, where it cannot be read.
[[nodiscard]] std::optional<std::string> read_line_at(int directory, const char* path);

}  // namespace tcptrace::kernel
