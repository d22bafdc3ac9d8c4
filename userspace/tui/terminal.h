// SPDX-License-Identifier: GPL-2.0
// The terminal as a screen: draws lines, reads keys, hears of its size, and is put back at the end,
// however that comes about.
#pragma once

#include <memory>
#include <vector>

#include "base/result.h"
#include "output/screen.h"

namespace tcptrace::tui {

class Terminal {
 public:
  // Standard input and output, which are a terminal. Blocks SIGWINCH and SIGTSTP in the calling
  // thread until destroyed: make it before any other thread. Fails where the terminal can do no
  // more than print.
  [[nodiscard]] static Result<Terminal> open(bool color);
  Terminal(Terminal&& other) noexcept;
  Terminal& operator=(Terminal&& other) = delete;
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;
  ~Terminal();

  // Readable when keys were pressed; when the size has changed, or the process is to stop (Ctrl-Z).
  [[nodiscard]] int input_fd() const;
  [[nodiscard]] int signal_fd() const;

  // What was pressed since the last time; keys without a meaning are left out.
  [[nodiscard]] std::vector<output::KeyPress> keys();
  // Nobody is there any more.
  [[nodiscard]] bool gone() const;

  // Takes note of a new size; stops, and returns when the process is to go on. Draw then.
  void take_signals();
  [[nodiscard]] output::ScreenSize size() const;

  // Waits for nothing. False: the terminal takes nothing (Ctrl-S), or not all of it yet, so draw
  // again later.
  [[nodiscard]] bool draw(const output::Screen& screen);

 private:
  struct State;
  void stop();
  explicit Terminal(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

}  // namespace tcptrace::tui
