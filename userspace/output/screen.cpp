// SPDX-License-Identifier: GPL-2.0
#include "output/screen.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "output/monitor_sections.h"
#include "output/wall_time.h"

namespace tcptrace::output {
namespace {

using model::MonitorReading;

// Below this nothing of use fits.
constexpr ScreenSize kSmallest{.rows = 4, .columns = 20};
// From so many rows on there is room for what does not change: the tabs, and the keys below.
constexpr std::size_t kTabRows = 8;

StyledLine title(const MonitorReading& reading, const ViewState& state, const Context& context) {
  StyledLine line{{.text = "tcptrace", .color = Color::kBold}, {.text = " "}};
  append_clock_time(line.back().text, wall_time(reading.boot_time, context), context);
  if (state.paused) {
    line.push_back({.text = "  paused", .color = Color::kYellow});
  }
  if (!reading.alerts.empty()) {
    const bool critical = std::ranges::any_of(reading.alerts, [](const model::Alert& alert) {
      return alert.level == model::AlertLevel::kCritical;
    });
    line.push_back({.text = "  " + counted(reading.alerts.size(), "alert"),
                    .color = critical ? Color::kRed : Color::kYellow});
  }
  if (const std::uint64_t lost = total_lost(reading); lost != 0) {
    line.push_back({.text = fmt::format("  lost {}", grouped(lost)), .color = Color::kRed});
  }
  line.push_back({.text = fmt::format("  every {}  {}", human_duration(state.interval),
                                      terminal_safe(context.host))});
  return line;
}

StyledLine tabs(const ViewState& state) {
  StyledLine line;
  for (std::size_t i = 0; i < kViews; ++i) {
    const auto view = static_cast<View>(i);
    const bool chosen = view == state.view;
    line.push_back({.text = fmt::format("{}{} {}{} ", chosen ? '[' : ' ', i + 1, view_name(view),
                                        chosen ? ']' : ' '),
                    .color = chosen ? Color::kBold : Color::kNone});
  }
  return line;
}

StyledLine footer(const ViewState& state) {
  if (state.editing) {
    return {{.text = "/" + terminal_safe(state.filter) + "_", .color = Color::kBold}};
  }
  const std::string_view sort =
      sort_name(state.view, state.sort.at(static_cast<std::size_t>(state.view)));
  std::string words = "q quit  space pause  tab view";
  if (!sort.empty()) {
    words += fmt::format("  s sort: {}", sort);
  }
  words += state.filter.empty() ? "  / filter"
                                : fmt::format("  / filter: {}", terminal_safe(state.filter));
  words += "  +/- interval  ? help";
  return {{.text = std::move(words)}};
}

StyledLines help_lines() {
  StyledLines lines{headline("keys")};
  for (const auto& [keys, what] : {std::pair{"q", "quit"},
                                   {"space", "pause, and go on: what is measured goes on"},
                                   {"tab, 1 to 6", "the next view, this view"},
                                   {"s", "sort by something else"},
                                   {"/", "only lines with this text; Enter keeps, Esc drops it"},
                                   {"+  -", "a longer, a shorter interval; trends begin anew"},
                                   {"up, down, PgUp, PgDn", "scroll; Home, End; k and j likewise"},
                                   {"?  h", "this, and back"}}) {
    lines.push_back({{.text = "  " + left_cell(keys, 22), .color = Color::kBold}, {.text = what}});
  }
  lines.emplace_back();
  lines.push_back(headline("what the figures are"));
  for (const std::string_view line :
       {"connections: Tcp.CurrEstab, ESTABLISHED and CLOSE_WAIT",
        "connections/s: begun either way, Tcp.ActiveOpens and Tcp.PassiveOpens",
        "errors: Tcp.AttemptFails and Tcp.EstabResets, of the connections begun",
        "retransmits: Tcp.RetransSegs, of all segments sent",
        "resets sent/s: Tcp.OutRsts. Received ones are known to the tracer only",
        "Tables are of the last walk over all sockets, which comes as often as its",
        "share of the processor allows. More in tcptrace(8), MONITOR."}) {
    lines.push_back({{.text = "  " + std::string(line)}});
  }
  return lines;
}

StyledLines overview(const MonitorReading& reading, const Shown& shown, const Context& context) {
  StyledLines lines;
  append(lines, rates_section(reading, shown));
  append(lines, alerts_section(reading, context));
  append(lines, retries_section(reading));
  append(lines, states_section(reading, shown));
  append(lines, losses_section(reading));
  return lines;
}

StyledLines content(const MonitorReading& reading, const ViewState& state, std::size_t columns,
                    const Context& context) {
  const Shown shown{.columns = columns,
                    .sort = state.sort.at(static_cast<std::size_t>(state.view)),
                    .filter = state.filter};
  switch (state.view) {
    case View::kOverview:
      return overview(reading, shown, context);
    case View::kTalkers:
      return talkers_section(reading, shown);
    case View::kListeners:
      return listeners_section(reading, shown);
    case View::kResets:
      return resets_section(reading, shown, context);
    case View::kRoundTrips:
      return round_trips_section(reading, shown);
    case View::kHelp:
      return help_lines();
  }
  return {};
}

}  // namespace

Screen monitor_screen(const MonitorReading& reading, const ViewState& state, ScreenSize size,
                      const Context& context) {
  Screen screen;
  if (size.rows < kSmallest.rows || size.columns < kSmallest.columns) {
    screen.lines = {{{.text = "too small"}}};
    screen.lines.resize(std::min<std::size_t>(screen.lines.size(), size.rows));
  } else {
    const bool roomy = size.rows >= kTabRows;
    const StyledLines all = content(reading, state, size.columns, context);
    screen.page = size.rows - (roomy ? 3 : 1);
    screen.scroll = std::min(state.scroll, all.size() - std::min(all.size(), screen.page));
    screen.lines.push_back(title(reading, state, context));
    if (roomy) {
      screen.lines.push_back(tabs(state));
    }
    for (std::size_t i = 0; i < screen.page; ++i) {
      const std::size_t at = screen.scroll + i;
      screen.lines.push_back(at < all.size() ? all[at] : StyledLine());
    }
    if (roomy) {
      screen.lines.push_back(footer(state));
    } else if (state.editing) {
      screen.lines.back() = footer(state);
    }
  }
  for (StyledLine& line : screen.lines) {
    line = cut_line(line, size.columns);
  }
  return screen;
}

}  // namespace tcptrace::output
