// SPDX-License-Identifier: GPL-2.0
#include "tui/terminal_output.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace tcptrace::tui {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

UniqueFd duplicate(int fd) { return UniqueFd(::fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1)); }

void append_all(std::string& out, int fd) {
  const off_t size = ::lseek(fd, 0, SEEK_CUR);
  if (size <= 0) {
    return;
  }
  const std::size_t before = out.size();
  out.resize(before + static_cast<std::size_t>(size));
  const ssize_t got = ::pread(fd, out.data() + before, static_cast<std::size_t>(size), 0);
  out.resize(before + static_cast<std::size_t>(got > 0 ? got : 0));
  ::lseek(fd, 0, SEEK_SET);
}

}  // namespace

Result<TerminalOutput> TerminalOutput::open() {
  TerminalOutput output;
  // Whether the terminal blocks is a property that the shell shares: opened again, it has its own.
  // That is not allowed where it is another user's.
  output.terminal_.reset(::open("/proc/self/fd/1", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  output.blocking_ = !output.terminal_.valid();
  if (output.blocking_) {
    output.terminal_ = duplicate(STDOUT_FILENO);
  }
  output.captured_.reset(::memfd_create("tcptrace-screen", MFD_CLOEXEC));
  UniqueFd shown = duplicate(STDOUT_FILENO);
  if (!output.terminal_.valid() || !output.captured_.valid() || !shown.valid()) {
    return std::unexpected(system_error("cannot write to the terminal", errno));
  }
  output.file_.reset(::fdopen(shown.get(), "w"));
  if (!output.file_) {
    return std::unexpected(system_error("cannot write to the terminal", errno));
  }
  static_cast<void>(shown.release());
  return output;
}

void TerminalOutput::capture(const std::function<void()>& write) {
  const int fd = ::fileno(file_.get());
  ::dup3(captured_.get(), fd, O_CLOEXEC);
  write();
  ::dup3(STDOUT_FILENO, fd, O_CLOEXEC);
  append_all(left_, captured_.get());
}

bool TerminalOutput::flush(int timeout_ms) {
  const auto until = Clock::now() + milliseconds(timeout_ms);
  std::size_t taken = 0;
  while (taken < left_.size()) {
    const auto wait = std::chrono::ceil<milliseconds>(until - Clock::now()).count();
    pollfd output{.fd = terminal_.get(), .events = POLLOUT, .revents = 0};
    if (::poll(&output, 1, static_cast<int>(std::max<std::int64_t>(wait, 0))) == 0) {
      break;
    }
    // poll() promises room for no more than one.
    const std::size_t size = blocking_ ? 1 : left_.size() - taken;
    const ssize_t written = ::write(terminal_.get(), left_.data() + taken, size);
    if (written > 0) {
      taken += static_cast<std::size_t>(written);
    } else if (errno == EAGAIN && wait <= 0) {
      break;
    } else if (errno != EAGAIN && errno != EINTR) {
      taken = left_.size();  // Nobody is there any more.
    }
  }
  left_.erase(0, taken);
  return left_.empty();
}

}  // namespace tcptrace::tui
