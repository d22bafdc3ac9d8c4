// SPDX-License-Identifier: GPL-2.0
#include "tui/terminal.h"

#include <curses.h>
#include <langinfo.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <clocale>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <cwchar>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/unique_fd.h"
#include "tui/terminal_output.h"
#include "tui/terminfo.h"

namespace tcptrace::tui {
namespace {

using output::Color;
using output::Key;
using output::KeyPress;

// How long a terminal that takes nothing is waited for at the end.
constexpr int kGraceMs = 500;
// What follows an Escape by less than this belongs to it, as the sequences of other keys do.
constexpr int kEscapeDelayMs = 50;

// The bars are UTF-8: where the locale is not, characters are taken as UTF-8 all the same.
void use_utf8() {
  std::setlocale(LC_CTYPE, "");
  if (std::string_view(::nl_langinfo(CODESET)) != "UTF-8") {
    std::setlocale(LC_CTYPE, "C.UTF-8");
  }
}

std::optional<Key> key_of(wint_t code) {
  switch (code) {
    case KEY_UP:
      return Key::kUp;
    case KEY_DOWN:
      return Key::kDown;
    case KEY_PPAGE:
      return Key::kPageUp;
    case KEY_NPAGE:
      return Key::kPageDown;
    case KEY_HOME:
      return Key::kHome;
    case KEY_END:
      return Key::kEnd;
    case KEY_BTAB:
      return Key::kBackTab;
    case KEY_ENTER:
      return Key::kEnter;
    case KEY_BACKSPACE:
      return Key::kBackspace;
    default:
      return std::nullopt;
  }
}

std::optional<KeyPress> press_of(wint_t character) {
  switch (character) {
    case L'\t':
      return KeyPress{.key = Key::kTab};
    case L'\r':
    case L'\n':
      return KeyPress{.key = Key::kEnter};
    case 0x1b:
      return KeyPress{.key = Key::kEscape};
    case 0x08:
    case 0x7f:
      return KeyPress{.key = Key::kBackspace};
    default:
      break;
  }
  std::array<char, MB_LEN_MAX> bytes{};
  std::mbstate_t state{};
  const std::size_t size = std::wcrtomb(bytes.data(), static_cast<wchar_t>(character), &state);
  if (character < L' ' || size == static_cast<std::size_t>(-1)) {
    return std::nullopt;
  }
  return KeyPress{.key = Key::kText, .text = std::string(bytes.data(), size)};
}

short curses_color(Color color) {
  switch (color) {
    case Color::kRed:
      return COLOR_RED;
    case Color::kYellow:
      return COLOR_YELLOW;
    case Color::kMagenta:
      return COLOR_MAGENTA;
    case Color::kGreen:
      return COLOR_GREEN;
    case Color::kNone:
    case Color::kBold:
      break;
  }
  return -1;
}

}  // namespace

struct Terminal::State {
  ~State();
  // The screen is as it was before it was opened, unless the terminal takes nothing.
  void leave();

  termios before{};
  termios drawing{};
  sigset_t signals_before{};
  UniqueFd signals;
  std::optional<TerminalOutput> output;
  SCREEN* screen = nullptr;
  WINDOW* input = nullptr;  // never shown: to read from one that is draws it
  bool color = false;
};

void Terminal::State::leave() {
  // Ctrl-S is undone: only what was stopped by TCOOFF is started by TCOON.
  ::tcflow(STDOUT_FILENO, TCOOFF);
  ::tcflow(STDOUT_FILENO, TCOON);
  output->capture(::endwin);
  static_cast<void>(output->flush(kGraceMs));
  output->discard();
  ::tcsetattr(STDIN_FILENO, TCSANOW, &before);
}

Terminal::State::~State() {
  if (screen != nullptr) {
    leave();
    ::delscreen(screen);
  }
  if (signals.valid()) {
    ::pthread_sigmask(SIG_SETMASK, &signals_before, nullptr);
  }
}

Terminal::Terminal(std::unique_ptr<State> state) : state_(std::move(state)) {}
Terminal::Terminal(Terminal&& other) noexcept = default;
Terminal::~Terminal() = default;

Result<Terminal> Terminal::open(bool color) {
  auto state = std::make_unique<State>();
  use_utf8();
  if (auto can = can_draw(); !can) {
    return std::unexpected(can.error());
  }
  sigset_t taken;
  ::sigemptyset(&taken);
  ::sigaddset(&taken, SIGWINCH);
  ::sigaddset(&taken, SIGTSTP);
  ::pthread_sigmask(SIG_BLOCK, &taken, &state->signals_before);
  state->signals.reset(::signalfd(-1, &taken, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!state->signals.valid() || ::tcgetattr(STDIN_FILENO, &state->before) != 0) {
    return std::unexpected(system_error("cannot watch the terminal", errno));
  }
  auto output = TerminalOutput::open();
  if (!output) {
    return std::unexpected(output.error());
  }
  state->output.emplace(std::move(*output));
  state->screen = ::newterm(nullptr, state->output->file(), stdin);
  state->input = state->screen == nullptr ? nullptr : ::newpad(1, 1);
  if (state->input == nullptr) {
    return std::unexpected(Error{.what = "the terminal cannot be used"});
  }
  ::set_escdelay(kEscapeDelayMs);
  ::cbreak();
  ::noecho();
  ::nonl();
  ::typeahead(-1);
  ::nodelay(state->input, true);
  ::tcgetattr(STDIN_FILENO, &state->drawing);
  state->output->capture([&] {
    ::curs_set(0);
    ::keypad(state->input, true);
  });
  if (color && ::has_colors()) {
    ::start_color();
    ::use_default_colors();
    for (const Color one : {Color::kRed, Color::kYellow, Color::kMagenta, Color::kGreen}) {
      ::init_pair(static_cast<short>(one), curses_color(one), -1);
    }
    state->color = true;
  }
  return Terminal(std::move(state));
}

int Terminal::input_fd() const { return STDIN_FILENO; }
int Terminal::signal_fd() const { return state_->signals.get(); }

std::vector<KeyPress> Terminal::keys() {
  std::vector<KeyPress> presses;
  for (;;) {
    wint_t code = 0;
    const int kind = ::wget_wch(state_->input, &code);
    if (kind == ERR) {
      return presses;
    }
    if (kind == KEY_CODE_YES) {
      if (const auto key = key_of(code)) {
        presses.push_back({.key = *key});
      }
    } else if (auto press = press_of(code)) {
      presses.push_back(std::move(*press));
    }
  }
}

bool Terminal::gone() const {
  pollfd input{.fd = STDIN_FILENO, .events = 0, .revents = 0};
  return ::poll(&input, 1, 0) == 1 && (input.revents & (POLLHUP | POLLERR | POLLNVAL)) != 0;
}

void Terminal::take_signals() {
  signalfd_siginfo info{};
  while (::read(state_->signals.get(), &info, sizeof(info)) == sizeof(info)) {
    if (info.ssi_signo == SIGTSTP) {
      stop();
    }
  }
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 && size.ws_col > 0) {
    ::resizeterm(size.ws_row, size.ws_col);
    ::wclear(stdscr);
  }
}

void Terminal::stop() {
  state_->leave();
  // As if nobody had taken the signal: whoever waits for this process is told which it was.
  struct sigaction stops {};
  struct sigaction before {};
  stops.sa_handler = SIG_DFL;
  sigset_t signal;
  ::sigemptyset(&signal);
  ::sigaddset(&signal, SIGTSTP);
  ::sigaction(SIGTSTP, &stops, &before);
  ::raise(SIGTSTP);
  ::pthread_sigmask(SIG_UNBLOCK, &signal, nullptr);
  ::pthread_sigmask(SIG_BLOCK, &signal, nullptr);
  ::sigaction(SIGTSTP, &before, nullptr);
  ::tcsetattr(STDIN_FILENO, TCSANOW, &state_->drawing);
}

output::ScreenSize Terminal::size() const {
  return {.rows = static_cast<std::size_t>(std::max(::getmaxy(stdscr), 0)),
          .columns = static_cast<std::size_t>(std::max(::getmaxx(stdscr), 0))};
}

bool Terminal::draw(const output::Screen& screen) {
  // A frame that comes later is newer.
  if (!state_->output->flush(0)) {
    return false;
  }
  ::werase(stdscr);
  int row = 0;
  for (const output::StyledLine& line : screen.lines) {
    ::wmove(stdscr, row++, 0);
    for (const output::Span& span : line) {
      attr_t attributes = span.color == Color::kBold ? WA_BOLD : WA_NORMAL;
      short pair = 0;
      if (state_->color && curses_color(span.color) >= 0) {
        pair = static_cast<short>(span.color);
      } else if (span.color != Color::kNone) {
        attributes = WA_BOLD;
      }
      ::wattr_set(stdscr, attributes, pair, nullptr);
      ::waddnstr(stdscr, span.text.data(), static_cast<int>(span.text.size()));
    }
  }
  ::wattr_set(stdscr, WA_NORMAL, 0, nullptr);
  state_->output->capture([] { ::wrefresh(stdscr); });
  return state_->output->flush(0);
}

}  // namespace tcptrace::tui
