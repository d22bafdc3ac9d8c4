// SPDX-License-Identifier: GPL-2.0
// Files that are there whole or not at all, also after a crash.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace tcptrace {

struct FileAttributes {
  mode_t mode = 0644;
  uid_t uid = 0;
  gid_t gid = 0;
};

// A new file beside `path`, on disk, takes its name and its place: whoever reads it sees the old
// one or the new. A symbolic link is replaced too. It gets `attributes`, or else those of the file
// that it replaces, the owner as far as the privileges allow; without either, mode 0644 and the
// umask.
[[nodiscard]] Result<void> replace_file(
    const std::string& path, std::string_view bytes,
    const std::optional<FileAttributes>& attributes = std::nullopt);

// What was made, renamed or removed in it is on disk then.
[[nodiscard]] Result<void> sync_directory(const std::string& directory);

}  // namespace tcptrace
