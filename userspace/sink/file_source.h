// SPDX-License-Identifier: GPL-2.0
// Where a sink's bytes come back from: a file or stdin. Its errors leave the name to the caller.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "base/result.h"
#include "base/unique_fd.h"

namespace tcptrace::sink {

class FileSource {
 public:
  // "-" is stdin. A file that cannot be opened is bad input: ExitStatus::kUsage.
  [[nodiscard]] static Result<FileSource> open(const std::string& path);

  // Fills the span; fewer bytes only at the end.
  [[nodiscard]] Result<std::size_t> read(std::span<std::byte> into);

  // The first byte, which read() gives too; empty: there is none. Before anything was read.
  [[nodiscard]] Result<std::optional<std::byte>> first_byte();

 private:
  explicit FileSource(UniqueFd fd) : fd_(std::move(fd)) {}

  UniqueFd fd_;
  std::optional<std::byte> unread_;  // it was looked at
};

}  // namespace tcptrace::sink
