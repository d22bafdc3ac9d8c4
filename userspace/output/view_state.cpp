// SPDX-License-Identifier: GPL-2.0
#include "output/view_state.h"

#include <algorithm>
#include <limits>
#include <span>

#include "base/text.h"

namespace tcptrace::output {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

constexpr std::array<milliseconds, 9> kIntervals = {
    milliseconds(100),    milliseconds(200),    milliseconds(500),
    milliseconds(1000),   milliseconds(2000),   milliseconds(5000),
    milliseconds(10'000), milliseconds(30'000), milliseconds(60'000)};
constexpr std::size_t kMaxFilter = 64;

constexpr std::array<std::string_view, 3> kTalkerSorts = {"connections", "established", "name"};
constexpr std::array<std::string_view, 3> kListenerSorts = {"fullness", "connections", "port"};
constexpr std::array<std::string_view, 3> kResetSorts = {"last minute", "total", "name"};

std::span<const std::string_view> sorts_of(View view) {
  switch (view) {
    case View::kTalkers:
      return kTalkerSorts;
    case View::kListeners:
      return kListenerSorts;
    case View::kResets:
      return kResetSorts;
    case View::kOverview:
    case View::kRoundTrips:
    case View::kHelp:
      return {};
  }
  return {};
}

void show(ViewState& state, View view) {
  if (view == View::kHelp && state.view != View::kHelp) {
    state.before_help = state.view;
  }
  state.view = view;
  state.scroll = 0;
}

void turn_page(ViewState& state, std::size_t steps) {
  show(state, static_cast<View>((static_cast<std::size_t>(state.view) + steps) % kViews));
}

void slower(ViewState& state) {
  const auto next = std::ranges::upper_bound(kIntervals, state.interval);
  state.interval = next == kIntervals.end() ? state.interval : nanoseconds(*next);
}

void faster(ViewState& state) {
  const auto next = std::ranges::lower_bound(kIntervals, state.interval);
  state.interval = next == kIntervals.begin() ? state.interval : nanoseconds(*(next - 1));
}

void drop_last_character(std::string& text) {
  while (!text.empty() && (static_cast<unsigned char>(text.back()) & 0xc0U) == 0x80U) {
    text.pop_back();
  }
  if (!text.empty()) {
    text.pop_back();
  }
}

void edit(ViewState& state, const KeyPress& press) {
  state.scroll = 0;
  switch (press.key) {
    case Key::kText:
      if (display_width(state.filter) < kMaxFilter) {
        state.filter += press.text;
      }
      return;
    case Key::kBackspace:
      drop_last_character(state.filter);
      return;
    case Key::kEscape:
      state.filter.clear();
      state.editing = false;
      return;
    case Key::kEnter:
      state.editing = false;
      return;
    case Key::kUp:
    case Key::kDown:
    case Key::kPageUp:
    case Key::kPageDown:
    case Key::kHome:
    case Key::kEnd:
    case Key::kTab:
    case Key::kBackTab:
      return;
  }
}

void scroll_up(ViewState& state, std::size_t lines) {
  state.scroll -= std::min(lines, state.scroll);
}

void command(ViewState& state, char letter) {
  if (letter >= '1' && letter < '1' + static_cast<char>(kViews)) {
    show(state, static_cast<View>(letter - '1'));
    return;
  }
  switch (letter) {
    case 'q':
    case 'Q':
      state.quit = true;
      return;
    case ' ':
      state.paused = !state.paused;
      return;
    case 's': {
      const std::size_t sorts = sorts_of(state.view).size();
      auto& sort = state.sort.at(static_cast<std::size_t>(state.view));
      sort = sorts == 0 ? 0 : (sort + 1) % sorts;
      return;
    }
    case '/':
      state.editing = true;
      state.filter.clear();
      return;
    case 'h':
    case '?':
      show(state, state.view == View::kHelp ? state.before_help : View::kHelp);
      return;
    case '+':
    case '=':
      slower(state);
      return;
    case '-':
      faster(state);
      return;
    case 'k':
      scroll_up(state, 1);
      return;
    case 'j':
      ++state.scroll;
      return;
    default:
      return;
  }
}

}  // namespace

std::string_view view_name(View view) {
  switch (view) {
    case View::kOverview:
      return "overview";
    case View::kTalkers:
      return "talkers";
    case View::kListeners:
      return "listeners";
    case View::kResets:
      return "resets";
    case View::kRoundTrips:
      return "RTT";
    case View::kHelp:
      return "help";
  }
  return {};
}

std::string_view sort_name(View view, std::size_t sort) {
  const auto sorts = sorts_of(view);
  return sort < sorts.size() ? sorts[sort] : std::string_view();
}

void apply_key(ViewState& state, const KeyPress& press) {
  if (state.editing) {
    edit(state, press);
    return;
  }
  switch (press.key) {
    case Key::kText:
      if (press.text.size() == 1) {
        command(state, press.text.front());
      }
      return;
    case Key::kUp:
      scroll_up(state, 1);
      return;
    case Key::kDown:
      ++state.scroll;
      return;
    case Key::kPageUp:
      scroll_up(state, state.page);
      return;
    case Key::kPageDown:
      state.scroll += state.page;
      return;
    case Key::kHome:
      state.scroll = 0;
      return;
    case Key::kEnd:
      state.scroll = std::numeric_limits<std::size_t>::max() / 2;
      return;
    case Key::kTab:
      turn_page(state, 1);
      return;
    case Key::kBackTab:
      turn_page(state, kViews - 1);
      return;
    case Key::kEscape:
      state.filter.clear();
      if (state.view == View::kHelp) {
        show(state, state.before_help);
      }
      return;
    case Key::kEnter:
    case Key::kBackspace:
      return;
  }
}

}  // namespace tcptrace::output
