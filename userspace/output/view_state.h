// SPDX-License-Identifier: GPL-2.0
// What a person looking at the dashboard has chosen, and how keys change it. Pure: knows no
// terminal.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace tcptrace::output {

enum class View : std::uint8_t { kOverview, kTalkers, kListeners, kResets, kRoundTrips, kHelp };
inline constexpr std::size_t kViews = 6;
[[nodiscard]] std::string_view view_name(View view);  // "overview" …

enum class Key : std::uint8_t {
  kText,  // one character, as UTF-8
  kUp,
  kDown,
  kPageUp,
  kPageDown,
  kHome,
  kEnd,
  kTab,
  kBackTab,
  kEnter,
  kEscape,
  kBackspace,
};

struct KeyPress {
  Key key = Key::kText;
  std::string text{};
};

struct ViewState {
  View view = View::kOverview;
  View before_help = View::kOverview;  // where the help goes back to
  std::array<std::size_t, kViews> sort{};
  std::string filter{};
  bool editing = false;  // the filter is being typed
  bool paused = false;
  bool quit = false;
  std::size_t scroll = 0;
  std::size_t page = 1;  // lines that the last screen had room for
  std::chrono::nanoseconds interval = std::chrono::seconds(1);
};

// By what a view can be sorted; the first is the default. Empty: it cannot.
[[nodiscard]] std::string_view sort_name(View view, std::size_t sort);

void apply_key(ViewState& state, const KeyPress& press);

}  // namespace tcptrace::output
