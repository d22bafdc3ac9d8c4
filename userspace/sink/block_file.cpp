// SPDX-License-Identifier: GPL-2.0
#include "sink/block_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <utility>

#include <fmt/core.h>

#include "base/text.h"

namespace tcptrace::sink {

BlockFile::BlockFile(UniqueFd fd, std::string name) : fd_(std::move(fd)), name_(std::move(name)) {}

Result<BlockFile> BlockFile::create(const std::string& path) {
  const std::string name = terminal_safe(path);
  // What is no regular file is neither emptied nor waited for.
  UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0644));
  struct stat status {};
  if (!fd.valid() || ::fstat(fd.get(), &status) != 0) {
    return std::unexpected(system_error(fmt::format("cannot open {}", name), errno));
  }
  if (!S_ISREG(status.st_mode)) {
    return std::unexpected(Error{.what = fmt::format("{} is not a regular file", name)});
  }
  if (::ftruncate(fd.get(), 0) != 0) {
    return std::unexpected(system_error(fmt::format("cannot empty {}", name), errno));
  }
  return BlockFile(std::move(fd), name);
}

Result<void> BlockFile::append(std::span<const std::byte> block) {
  const off_t begin = ::lseek(fd_.get(), 0, SEEK_CUR);
  while (!block.empty()) {
    const ssize_t written = ::write(fd_.get(), block.data(), block.size());
    if (written >= 0) {
      block = block.subspan(static_cast<std::size_t>(written));
    } else if (errno != EINTR) {
      const int failure = errno;
      // Best effort: a reader passes over what is no whole block.
      [[maybe_unused]] const int ignored = ::ftruncate(fd_.get(), begin);
      ::lseek(fd_.get(), begin, SEEK_SET);
      return std::unexpected(system_error(fmt::format("cannot write {}", name_), failure));
    }
  }
  return {};
}

}  // namespace tcptrace::sink
