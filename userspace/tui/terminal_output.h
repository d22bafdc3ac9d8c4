// SPDX-License-Identifier: GPL-2.0
// Standard output as a terminal that nobody waits for: what is written is kept here until the
// terminal takes it, which it may never do (Ctrl-S, a connection that hangs).
#pragma once

#include <cstdio>
#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "base/unique_fd.h"

namespace tcptrace::tui {

class TerminalOutput {
 public:
  [[nodiscard]] static Result<TerminalOutput> open();

  // The terminal, for ncurses, which sets its modes through it; what is written there waits.
  [[nodiscard]] std::FILE* file() const { return file_.get(); }

  // What `write` writes to file() is kept, after what is left of the time before.
  void capture(const std::function<void()>& write);

  // False: something is left that the terminal has not taken in so many milliseconds.
  [[nodiscard]] bool flush(int timeout_ms);
  // What is left is for nobody.
  void discard() { left_.clear(); }

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };

  TerminalOutput() = default;

  std::unique_ptr<std::FILE, Close> file_;
  UniqueFd terminal_;
  bool blocking_ = false;
  UniqueFd captured_;  // stands in for file() while it is captured
  std::string left_;
};

}  // namespace tcptrace::tui
