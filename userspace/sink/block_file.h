// SPDX-License-Identifier: GPL-2.0
// A file that grows by whole blocks: one that does not fit leaves nothing of itself behind, and the
// next may fit again.
#pragma once

#include <span>
#include <string>

#include "base/result.h"
#include "base/unique_fd.h"

namespace tcptrace::sink {

class BlockFile {
 public:
  // A new or emptied regular file, mode 0644.
  [[nodiscard]] static Result<BlockFile> create(const std::string& path);

  [[nodiscard]] Result<void> append(std::span<const std::byte> block);

 private:
  BlockFile(UniqueFd fd, std::string name);

  UniqueFd fd_;
  std::string name_;  // for errors
};

}  // namespace tcptrace::sink
