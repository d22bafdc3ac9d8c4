// SPDX-License-Identifier: GPL-2.0
// Files of this machine's that are read, replaced, and put back with mode and owner.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "base/replace_file.h"
#include "base/result.h"

namespace tcptrace::host {

struct StoredFile {
  std::string content;
  FileAttributes attributes{};
};

// Empty: there is none. Fails for what is no regular file, also for a link to one.
[[nodiscard]] Result<std::optional<StoredFile>> load_file(const std::filesystem::path& path);

// By replace_file(); makes the directories above it.
[[nodiscard]] Result<void> store_file(const std::filesystem::path& path, const StoredFile& file);

// That there is none is fine.
[[nodiscard]] Result<void> remove_file(const std::filesystem::path& path);

// stores `file`, or removes what is there.
[[nodiscard]] Result<void> put_file(const std::filesystem::path& path,
                                    const std::optional<StoredFile>& file);

}  // namespace tcptrace::host
