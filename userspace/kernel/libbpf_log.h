// SPDX-License-Identifier: GPL-2.0
// What libbpf has to say while an object is loaded. libbpf has one printer per process and no
// context for it.
#pragma once

#include <string>

namespace tcptrace::kernel {

// Collects libbpf's warnings of this thread while it lives; without one they are dropped.
class LibbpfLog {
 public:
  LibbpfLog();
  ~LibbpfLog();
  LibbpfLog(const LibbpfLog&) = delete;
  LibbpfLog& operator=(const LibbpfLog&) = delete;

  // The program that the last warning about a program names; empty: none.
  [[nodiscard]] const std::string& failed_program() const { return failed_program_; }
  // The last line of the verifier's log, or the last warning.
  [[nodiscard]] const std::string& reason() const { return reason_; }

  void add(std::string_view message);

 private:
  std::string failed_program_;
  std::string reason_;
};

}  // namespace tcptrace::kernel
