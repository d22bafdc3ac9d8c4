// SPDX-License-Identifier: GPL-2.0
#include "tui/terminfo.h"

#include <curses.h>
#include <term.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <string_view>

#include <fmt/core.h>

#include "base/text.h"

namespace tcptrace::tui {
namespace {

Error cannot_draw(std::string_view why) {
  const char* const name = std::getenv("TERM");
  const std::string which = name == nullptr || *name == '\0'
                                ? std::string("(TERM is not set)")
                                : fmt::format("\"{}\"", terminal_safe(name));
  return {.what = fmt::format("the terminal {} {}", which, why)};
}

}  // namespace

Result<void> can_draw() {
  int known = 0;
  if (::setupterm(nullptr, STDOUT_FILENO, &known) != OK) {
    return std::unexpected(cannot_draw("is not known here"));
  }
  // What is no name of a string capability would be -1, as a pointer.
  const char* const move = ::tigetstr("cup");
  const bool moves = move != nullptr && *move != '\0';
  ::del_curterm(::set_curterm(nullptr));
  return moves ? Result<void>() : std::unexpected(cannot_draw("cannot move its cursor"));
}

}  // namespace tcptrace::tui
