// SPDX-License-Identifier: GPL-2.0
// A sink on a file descriptor: stdout or a file. Needs SIGPIPE ignored.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/unique_fd.h"
#include "sink/sink.h"

namespace tcptrace::sink {

class FdSink final : public Sink {
 public:
  // `name` is for errors. `interrupt_fd` (a signalfd; -1: none) ends the wait for a reader that
  // takes nothing; it is polled, not read.
  FdSink(UniqueFd fd, std::string name, int interrupt_fd);

  // The first failure is final: every later call returns it again and counts its lines as lost.
  [[nodiscard]] Result<void> write(std::string_view lines) override;
  [[nodiscard]] Result<void> flush() override;
  [[nodiscard]] std::uint64_t lost_lines() const override { return lost_lines_; }
  [[nodiscard]] bool reader_gone() const override;

 private:
  [[nodiscard]] Result<void> wait_writable() const;
  [[nodiscard]] Result<std::size_t> write_some(std::string_view bytes) const;
  [[nodiscard]] Result<void> fail(Error error, std::size_t written);

  UniqueFd fd_;
  std::string name_;
  int interrupt_fd_;
  bool regular_;  // a regular file: never blocks, and can be cut at its last whole line
  std::string buffer_;
  std::uint64_t lost_lines_ = 0;
  std::optional<Error> failure_;
};

// Standard output. `interrupt_fd` as above.
[[nodiscard]] Result<std::unique_ptr<Sink>> open_stdout(int interrupt_fd);

// A new or emptied file, mode 0644.
[[nodiscard]] Result<std::unique_ptr<Sink>> open_file(const std::string& path, int interrupt_fd);

}  // namespace tcptrace::sink
