// SPDX-License-Identifier: GPL-2.0
// The dashboard without a terminal: every view at many sizes, every key, hostile names.
#include "output/screen.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/text.h"
#include "support/monitor_sample.h"

namespace tcptrace::output {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::Not;

std::string text_of(const Screen& screen) {
  std::string text;
  for (const StyledLine& line : screen.lines) {
    text += plain_text(line) + "\n";
  }
  return text;
}

std::string shown(View view, ScreenSize size = {.rows = 50, .columns = 140},
                  const model::MonitorReading& reading = samples::monitor_reading()) {
  ViewState state;
  state.view = view;
  return text_of(monitor_screen(reading, state, size, samples::context()));
}

void press(ViewState& state, std::string_view letters) {
  for (const char letter : letters) {
    apply_key(state, {.key = Key::kText, .text = std::string(1, letter)});
  }
}

TEST(Screen, FitsAnySize) {
  for (const model::MonitorReading& reading :
       {samples::monitor_reading(), samples::first_monitor_reading()}) {
    for (std::size_t view = 0; view < kViews; ++view) {
      for (const std::size_t rows : {0U, 1U, 3U, 4U, 5U, 7U, 8U, 9U, 24U, 80U, 300U}) {
        for (const std::size_t columns : {0U, 1U, 19U, 20U, 40U, 80U, 300U, 1000U}) {
          ViewState state;
          state.view = static_cast<View>(view);
          state.scroll = 1'000'000;
          const Screen screen = monitor_screen(reading, state, {.rows = rows, .columns = columns},
                                               samples::context());
          EXPECT_LE(screen.lines.size(), rows);
          for (const StyledLine& line : screen.lines) {
            EXPECT_LE(display_width(plain_text(line)), columns);
          }
        }
      }
    }
  }
}

TEST(Screen, SaysWhenItIsTooSmall) {
  EXPECT_EQ(shown(View::kOverview, {.rows = 3, .columns = 80}), "too small\n");
  EXPECT_EQ(shown(View::kOverview, {.rows = 24, .columns = 19}), "too small\n");
  EXPECT_EQ(shown(View::kOverview, {.rows = 24, .columns = 5}), "too s\n");
  EXPECT_EQ(shown(View::kOverview, {.rows = 0, .columns = 0}), "");
  const std::string small = shown(View::kOverview, {.rows = 5, .columns = 20});
  EXPECT_THAT(small, HasSubstr("tcptrace"));
  EXPECT_THAT(small, HasSubstr("connections"));
}

TEST(Screen, OverviewHasRatesTrendsStatesAndAlerts) {
  const std::string text = shown(View::kOverview);
  EXPECT_THAT(text, HasSubstr("1,230"));
  EXPECT_THAT(text, HasSubstr("periodic, every 30.0 s"));
  EXPECT_THAT(text, HasSubstr("rapid increase, 10 to 77"));
  EXPECT_THAT(text, HasSubstr("rapid decrease, 77 to 10"));
  EXPECT_THAT(text, HasSubstr("steady"));
  EXPECT_THAT(text, HasSubstr("not enough data"));
  EXPECT_THAT(text, HasSubstr("12.5 %"));
  EXPECT_THAT(text, HasSubstr("█"));
  EXPECT_THAT(text, HasSubstr("CLOSE_WAIT"));
  EXPECT_THAT(text, HasSubstr("counted 1.5 s ago by netlink"));
  EXPECT_THAT(text, HasSubstr("critical  port_use 10.0.0.5 -> 10.0.0.9:5432: 97 %"));
  EXPECT_THAT(text, HasSubstr("backing off from 1.0 s to 16.0 s"));
  EXPECT_THAT(text, HasSubstr("lost"));
  EXPECT_THAT(text, HasSubstr("records of the trace 5, alerts without room 1"));
  EXPECT_THAT(text, HasSubstr("missing  commands that failed 3, network namespaces not read 4"));
  EXPECT_THAT(text, HasSubstr("lost 8")) << "in every view";
}

TEST(Screen, OverviewWithoutAlertsSaysSo) {
  EXPECT_THAT(
      shown(View::kOverview, {.rows = 50, .columns = 120}, samples::first_monitor_reading()),
      HasSubstr("no alert"));
}

TEST(Screen, TalkersCanBeSorted) {
  ViewState state;
  press(state, "2");
  model::MonitorReading reading = samples::monitor_reading();
  reading.walk->census.peers[1].established = 10'000;
  const auto first_is_first = [&] {
    const std::string text =
        text_of(monitor_screen(reading, state, {.rows = 50, .columns = 140}, samples::context()));
    return text.find("10.0.0.9") < text.find("10.0.0.7");
  };
  EXPECT_TRUE(first_is_first()) << "by connections";
  press(state, "s");
  EXPECT_FALSE(first_is_first()) << "by established";
  press(state, "s");
  EXPECT_FALSE(first_is_first()) << "by name";
  press(state, "s");
  EXPECT_TRUE(first_is_first());
  EXPECT_THAT(shown(View::kTalkers), HasSubstr("sort: connections"));
}

TEST(Screen, ListenersHaveTheirQueueAndPorts) {
  const std::string text = shown(View::kListeners);
  EXPECT_THAT(text, HasSubstr("0.0.0.0:8080"));
  EXPECT_THAT(text, HasSubstr("94 %"));
  EXPECT_THAT(text, HasSubstr("98.0 %"));
}

TEST(Screen, ResetsByCauseOrWhyNot) {
  const std::string text = shown(View::kResets);
  EXPECT_THAT(text, HasSubstr("keepalive_race"));
  EXPECT_THAT(text, HasSubstr("3 / 12"));
  EXPECT_THAT(text, HasSubstr("rto"));
  EXPECT_THAT(text, HasSubstr("RST sent"));
  EXPECT_THAT(shown(View::kResets, {.rows = 50, .columns = 140}, samples::first_monitor_reading()),
              HasSubstr("nothing is traced: cannot load BPF programs"));
}

TEST(Screen, RoundTrips) {
  const std::string text = shown(View::kRoundTrips);
  EXPECT_THAT(text, HasSubstr("128 us"));
  EXPECT_THAT(text, HasSubstr("900"));
  EXPECT_THAT(
      shown(View::kRoundTrips, {.rows = 50, .columns = 140}, samples::first_monitor_reading()),
      HasSubstr("no walk"));
}

TEST(Screen, AFilterLeavesOutWhatDoesNotMatch) {
  ViewState state;
  press(state, "2/0.0.7");
  EXPECT_TRUE(state.editing);
  const auto text = [&] {
    return text_of(monitor_screen(samples::monitor_reading(), state, {.rows = 50, .columns = 140},
                                  samples::context()));
  };
  EXPECT_THAT(text(), HasSubstr("/0.0.7_"));
  EXPECT_THAT(text(), Not(HasSubstr("10.0.0.9")));
  EXPECT_THAT(text(), HasSubstr("10.0.0.7"));
  apply_key(state, {.key = Key::kEnter});
  EXPECT_FALSE(state.editing);
  EXPECT_THAT(text(), HasSubstr("/ filter: 0.0.7"));
  apply_key(state, {.key = Key::kEscape});
  EXPECT_THAT(text(), HasSubstr("10.0.0.9"));
}

TEST(Screen, HostileNamesAreHarmless) {
  model::MonitorReading reading = samples::monitor_reading();
  samples::set_comm(reading.walk->census.processes[0].process, "\x1b[2J\xff\r\nx");
  samples::set_comm(reading.walk->census.listeners[0].process, "\x1b]0;x\x07");
  samples::set_comm(*reading.trace->latest[0].owner,
                    "\x9b"
                    "31m");
  reading.alerts[0].subject = "\x1b[2J";
  reading.retries[0].subject = "\x1b[2J -> x";
  reading.no_trace = "\x1b[2J";
  Context context = samples::context();
  context.host = "\x1b[2J";
  for (std::size_t view = 0; view < kViews; ++view) {
    ViewState state;
    state.view = static_cast<View>(view);
    state.filter = "\x1b";
    for (const bool filtered : {true, false}) {
      state.filter = filtered ? "\x1b" : "";
      const Screen screen = monitor_screen(reading, state, {.rows = 60, .columns = 200}, context);
      for (const StyledLine& line : screen.lines) {
        for (const char c : plain_text(line)) {
          EXPECT_GE(static_cast<unsigned char>(c), 0x20);
        }
      }
    }
  }
}

TEST(Screen, ScrollsNoFurtherThanThereIsSomething) {
  ViewState state;
  press(state, "6");
  apply_key(state, {.key = Key::kEnd});
  const ScreenSize size{.rows = 10, .columns = 80};
  const Screen end = monitor_screen(samples::monitor_reading(), state, size, samples::context());
  EXPECT_GT(end.scroll, 0U);
  EXPECT_LT(end.scroll, 100U);
  EXPECT_EQ(end.page, 7U);
  state.scroll = end.scroll;
  state.page = end.page;
  apply_key(state, {.key = Key::kPageUp});
  EXPECT_EQ(state.scroll, end.scroll - 7);
  apply_key(state, {.key = Key::kUp});
  apply_key(state, {.key = Key::kHome});
  EXPECT_EQ(state.scroll, 0U);
  apply_key(state, {.key = Key::kUp});
  EXPECT_EQ(state.scroll, 0U);
  apply_key(state, {.key = Key::kDown});
  press(state, "j");
  EXPECT_EQ(state.scroll, 2U);
}

TEST(Keys, ChooseTheView) {
  ViewState state;
  for (std::size_t i = 0; i < kViews; ++i) {
    press(state, std::string(1, static_cast<char>('1' + i)));
    EXPECT_EQ(state.view, static_cast<View>(i));
  }
  press(state, "1");
  apply_key(state, {.key = Key::kTab});
  EXPECT_EQ(state.view, View::kTalkers);
  apply_key(state, {.key = Key::kBackTab});
  apply_key(state, {.key = Key::kBackTab});
  EXPECT_EQ(state.view, View::kHelp);
  press(state, "3?");
  EXPECT_EQ(state.view, View::kHelp);
  press(state, "h");
  EXPECT_EQ(state.view, View::kListeners);
  press(state, "7x0");
  EXPECT_EQ(state.view, View::kListeners);
}

TEST(Keys, PauseAndQuit) {
  ViewState state;
  press(state, " ");
  EXPECT_TRUE(state.paused);
  EXPECT_THAT(text_of(monitor_screen(samples::monitor_reading(), state, {}, samples::context())),
              HasSubstr("paused"));
  press(state, " ");
  EXPECT_FALSE(state.paused);
  press(state, "q");
  EXPECT_TRUE(state.quit);
}

TEST(Keys, ChangeTheIntervalWithinBounds) {
  ViewState state;
  press(state, "+");
  EXPECT_EQ(state.interval, seconds(2));
  press(state, "--");
  EXPECT_EQ(state.interval, milliseconds(500));
  press(state, "----------");
  EXPECT_EQ(state.interval, milliseconds(100));
  press(state, "+++++++++++++");
  EXPECT_EQ(state.interval, seconds(60));
  state.interval = std::chrono::hours(1);
  press(state, "+");
  EXPECT_EQ(state.interval, std::chrono::hours(1)) << "as it was asked for";
  press(state, "-");
  EXPECT_EQ(state.interval, seconds(60));
}

TEST(Keys, TypeAFilter) {
  ViewState state;
  press(state, "/q ");
  EXPECT_FALSE(state.quit);
  EXPECT_EQ(state.filter, "q ");
  apply_key(state, {.key = Key::kText, .text = "é"});
  apply_key(state, {.key = Key::kBackspace});
  EXPECT_EQ(state.filter, "q ");
  apply_key(state, {.key = Key::kUp});
  apply_key(state, {.key = Key::kEscape});
  EXPECT_EQ(state.filter, "");
  EXPECT_FALSE(state.editing);
  press(state, "/");
  press(state, std::string(1000, 'x'));
  EXPECT_EQ(state.filter.size(), 64U);
  apply_key(state, {.key = Key::kEnter});
  press(state, "q");
  EXPECT_TRUE(state.quit);
}

}  // namespace
}  // namespace tcptrace::output
