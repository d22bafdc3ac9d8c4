// SPDX-License-Identifier: GPL-2.0
#include "sink/fd_sink.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include <fmt/core.h>

#include "base/text.h"

namespace tcptrace::sink {
namespace {

// Held back until flush(), so that a burst costs few system calls.
constexpr std::size_t kBufferBytes = 64U << 10;
// A pipe that polls writable takes this much without blocking: pipe(7), PIPE_BUF.
constexpr std::size_t kPipeBytes = 4096;

// How long a reader that takes nothing is waited for after a signal.
constexpr int kGraceMs = 3000;

bool is_regular(int fd) {
  struct stat status {};
  return ::fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
}

std::uint64_t count_lines(std::string_view text) {
  const auto ends = static_cast<std::uint64_t>(std::ranges::count(text, '\n'));
  return ends + (!text.empty() && text.back() != '\n' ? 1 : 0);
}

// Takes back the last bytes written, unless another writer has added to the file since. Best
// effort: what is reported is the error that stopped the output.
void cut_tail(int fd, off_t bytes) {
  struct stat status {};
  const off_t end = ::lseek(fd, 0, SEEK_CUR);
  if (::fstat(fd, &status) == 0 && status.st_size == end) {
    [[maybe_unused]] const int ignored = ::ftruncate(fd, end - bytes);
  }
}

}  // namespace

FdSink::FdSink(UniqueFd fd, std::string name, int interrupt_fd)
    : fd_(std::move(fd)),
      name_(std::move(name)),
      interrupt_fd_(interrupt_fd),
      regular_(is_regular(fd_.get())) {}

Result<void> FdSink::write(std::string_view lines) {
  if (failure_) {
    lost_lines_ += count_lines(lines);
    return std::unexpected(*failure_);
  }
  buffer_ += lines;
  return buffer_.size() < kBufferBytes ? Result<void>() : flush();
}

Result<void> FdSink::flush() {
  if (failure_) {
    return std::unexpected(*failure_);
  }
  std::size_t done = 0;
  while (done < buffer_.size()) {
    auto written = write_some(std::string_view(buffer_).substr(done));
    if (!written) {
      return fail(std::move(written.error()), done);
    }
    done += *written;
  }
  buffer_.clear();
  return {};
}

// POLLERR: the last reader of a pipe or FIFO has closed it; POLLHUP: so has a socket's peer, a
// terminal's other end. pipe(7), poll(2).
bool FdSink::reader_gone() const {
  pollfd watched{.fd = fd_.get(), .events = 0, .revents = 0};
  return !regular_ && ::poll(&watched, 1, 0) == 1 && (watched.revents & (POLLERR | POLLHUP)) != 0;
}

// With signals blocked, a write() to a pipe that nobody reads could not be ended by Ctrl-C: so it
// must not block. A reader that is only slow still gets everything, the summary included.
Result<void> FdSink::wait_writable() const {
  std::array<pollfd, 2> fds{{{.fd = fd_.get(), .events = POLLOUT, .revents = 0},
                             {.fd = interrupt_fd_, .events = POLLIN, .revents = 0}}};
  nfds_t watched = fds.size();
  int timeout_ms = -1;
  for (;;) {
    const int ready = ::poll(fds.data(), watched, timeout_ms);
    if (ready < 0 && errno != EINTR) {
      return std::unexpected(system_error(fmt::format("cannot write {}", name_), errno));
    }
    if (ready > 0 && fds[0].revents != 0) {
      return {};
    }
    if (ready == 0) {
      return std::unexpected(system_error(fmt::format("{} took nothing more", name_), EINTR));
    }
    if (ready > 0) {
      watched = 1;
      timeout_ms = kGraceMs;
    }
  }
}

Result<std::size_t> FdSink::write_some(std::string_view bytes) const {
  for (;;) {
    if (!regular_) {
      if (auto ready = wait_writable(); !ready) {
        return std::unexpected(std::move(ready.error()));
      }
      bytes = bytes.substr(0, kPipeBytes);
    }
    const ssize_t n = ::write(fd_.get(), bytes.data(), bytes.size());
    if (n >= 0) {
      return static_cast<std::size_t>(n);
    }
    if (errno != EINTR && errno != EAGAIN) {
      return std::unexpected(system_error(fmt::format("cannot write {}", name_), errno));
    }
  }
}

Result<void> FdSink::fail(Error error, std::size_t written) {
  // What was begun and not finished is lost as a whole: a reader of JSON Lines should not trip over
  // half a line.
  const std::size_t newline = std::string_view(buffer_).substr(0, written).rfind('\n');
  const std::size_t whole = newline == std::string::npos ? 0 : newline + 1;
  if (regular_ && whole < written) {
    cut_tail(fd_.get(), static_cast<off_t>(written - whole));
  }
  lost_lines_ = count_lines(std::string_view(buffer_).substr(whole));
  error.hint = fmt::format("{} line{} not written", lost_lines_, lost_lines_ == 1 ? "" : "s");
  buffer_.clear();
  failure_ = std::move(error);
  return std::unexpected(*failure_);
}

Result<std::unique_ptr<Sink>> open_stdout(int interrupt_fd) {
  // A duplicate, so that the sink owns what it closes.
  UniqueFd fd(::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3));
  if (!fd.valid()) {
    return std::unexpected(system_error("cannot write stdout", errno));
  }
  return std::make_unique<FdSink>(std::move(fd), "stdout", interrupt_fd);
}

Result<std::unique_ptr<Sink>> open_file(const std::string& path, int interrupt_fd) {
  // Not to wait for the reader of a FIFO, which no signal could end: write_some() waits by poll().
  UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NONBLOCK, 0644));
  if (!fd.valid() && errno == ENXIO) {
    return std::unexpected(system_error(fmt::format("cannot open {}", terminal_safe(path)), ENXIO,
                                        "nobody reads this FIFO: start its reader first"));
  }
  if (!fd.valid()) {
    return std::unexpected(system_error(fmt::format("cannot open {}", terminal_safe(path)), errno));
  }
  return std::make_unique<FdSink>(std::move(fd), terminal_safe(path), interrupt_fd);
}

}  // namespace tcptrace::sink
