// SPDX-License-Identifier: GPL-2.0
// Readings and alerts as lines: a table that goes on, and the whole of one for --once.
#include <string_view>

#include "output/monitor.h"
#include "output/monitor_sections.h"
#include "output/wall_time.h"

namespace tcptrace::output {
namespace {

using model::MonitorCounter;
using model::MonitorReading;

constexpr std::size_t kColumnWidth = 11;
constexpr std::size_t kOnceColumns = 100;
constexpr std::size_t kOnceRows = 10;
constexpr std::size_t kAllRows = 1'000'000;

std::string percent_text(double percent) { return fmt::format("{:.1f} %", percent); }

Color alert_color(const model::Alert& alert) {
  if (alert.state == model::AlertState::kCleared) {
    return Color::kGreen;
  }
  return level_color(alert.level);
}

std::string clock_text(std::chrono::nanoseconds boot_time, const Context& context) {
  std::string text;
  append_clock_time(text, wall_time(boot_time, context), context);
  return text;
}

}  // namespace

std::string monitor_header(const Context& context) {
  std::string line = left_cell("TIME", kClockWidth);
  for (const std::string_view name :
       {"CONNS", "TIME_WAIT", "CONNS/S", "ERRORS", "RETRANS", "RST SENT/S", "SOCKETS", "ALERTS"}) {
    line += right_cell(name, kColumnWidth);
  }
  std::string out;
  append_colored(out, line, Color::kBold, context);
  out += '\n';
  return out;
}

std::string monitor_line(const MonitorReading& reading, const Context& context) {
  std::string out = left_cell(clock_text(reading.boot_time, context), kClockWidth);
  const auto cell = [&out](std::string_view text) { out += right_cell(text, kColumnWidth); };
  const auto rated = [&](auto value) { cell(reading.rates ? value(*reading.rates) : "-"); };
  cell(grouped(reading.connections));
  cell(grouped(reading.time_wait));
  rated([](const auto& rates) { return real_text(model::connection_rate(rates)); });
  cell(reading.error_rate ? percent_text(*reading.error_rate) : "-");
  rated([](const auto& rates) { return fmt::format("{:.2f} %", model::retransmit_rate(rates)); });
  rated(
      [](const auto& rates) { return real_text(model::rate_of(rates, MonitorCounter::kOutRsts)); });
  cell(reading.walk ? grouped(reading.walk->census.sockets) : "-");
  cell(grouped(reading.alerts.size()));
  out += '\n';
  return out;
}

std::string alert_line(const model::Alert& alert, const Context& context) {
  std::string out = left_cell(clock_text(alert.boot_time, context), kClockWidth);
  out += "  alert ";
  append_colored(out, model::alert_state_name(alert.state), alert_color(alert), context);
  fmt::format_to(std::back_inserter(out), ": {}, {} {}: {} {}, threshold {}, peak {}, since {}\n",
                 model::alert_level_name(alert.level), model::alert_kind_name(alert.kind),
                 terminal_safe(alert.subject), real_text(alert.value),
                 model::alert_unit(alert.kind), real_text(alert.threshold), real_text(alert.peak),
                 clock_text(alert.since, context));
  return out;
}

std::string monitor_text(const MonitorReading& reading, const Context& context) {
  const std::size_t rows = context.verbose ? kAllRows : kOnceRows;
  const Shown shown{.columns = kOnceColumns, .rows = rows};
  StyledLines lines;
  append(lines, rates_section(reading, shown));
  append(lines, states_section(reading, shown));
  append(lines, alerts_section(reading, context));
  append(lines, retries_section(reading));
  append(lines, talkers_section(reading, shown));
  append(lines, listeners_section(reading, shown));
  append(lines, round_trips_section(reading, shown));
  append(lines, resets_section(reading, shown, context));
  append(lines, losses_section(reading));
  std::string out;
  append_lines(out, lines, context);
  return out;
}

}  // namespace tcptrace::output
