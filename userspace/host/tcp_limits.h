// SPDX-License-Identifier: GPL-2.0
// What this machine and this process allow of TCP connections.
#pragma once

#include <filesystem>

#include "model/load_limits.h"

namespace tcptrace::host {

// Of the network namespace of the caller. What cannot be read is as model::LoadLimits has it.
[[nodiscard]] model::LoadLimits read_load_limits(const std::filesystem::path& root);

// Lets this process open as many files as it may: the soft limit becomes the hard one. It is there
// for select(), which nobody calls here.
void raise_open_files();

}  // namespace tcptrace::host
