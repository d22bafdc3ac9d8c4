// SPDX-License-Identifier: GPL-2.0
#include "sink/file_source.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace tcptrace::sink {

Result<FileSource> FileSource::open(const std::string& path) {
  const bool from_stdin = path == "-";
  UniqueFd fd(from_stdin ? ::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)
                         : ::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.valid()) {
    Error error = system_error("cannot open", errno);
    error.status = ExitStatus::kUsage;
    return std::unexpected(std::move(error));
  }
  return FileSource(std::move(fd));
}

Result<std::optional<std::byte>> FileSource::first_byte() {
  std::byte first{};
  const auto got = read(std::span(&first, 1));
  if (!got) {
    return std::unexpected(got.error());
  }
  unread_ = *got == 1 ? std::optional(first) : std::nullopt;
  return unread_;
}

Result<std::size_t> FileSource::read(std::span<std::byte> into) {
  std::size_t done = 0;
  if (unread_ && !into.empty()) {
    into[done++] = *std::exchange(unread_, std::nullopt);
  }
  while (done < into.size()) {
    const ssize_t got = ::read(fd_.get(), into.data() + done, into.size() - done);
    if (got < 0 && errno != EINTR) {
      Error error = system_error("cannot read", errno);
      error.status = errno == EISDIR ? ExitStatus::kUsage : ExitStatus::kFailed;
      return std::unexpected(std::move(error));
    }
    if (got == 0) {
      break;
    }
    done += got > 0 ? static_cast<std::size_t>(got) : 0;
  }
  return done;
}

}  // namespace tcptrace::sink
