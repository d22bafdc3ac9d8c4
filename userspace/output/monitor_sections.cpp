// SPDX-License-Identifier: GPL-2.0
// Rates with their way and trend, states, alerts, retries: what the overview shows.
#include "output/monitor_sections.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <cstdint>
#include <iterator>
#include <span>
#include <utility>

#include "output/sparkline.h"
#include "output/wall_time.h"

namespace tcptrace::output {
namespace {

using model::Metric;
using model::MonitorCounter;
using model::MonitorReading;
using model::TrendKind;

constexpr std::size_t kRowNameWidth = 14;
constexpr std::size_t kRowValueWidth = 12;
constexpr std::size_t kMostSpark = 60;
constexpr std::size_t kTrendWidth = 32;

std::string trend_words(const model::Trend& trend) {
  switch (trend.kind) {
    case TrendKind::kNotEnough:
      return "not enough data";
    case TrendKind::kSteady:
      return "steady";
    case TrendKind::kRapidIncrease:
      return fmt::format("rapid increase, {} to {}", real_text(trend.from), real_text(trend.to));
    case TrendKind::kRapidDecrease:
      return fmt::format("rapid decrease, {} to {}", real_text(trend.from), real_text(trend.to));
    case TrendKind::kPeriodic:
      return fmt::format("periodic, every {}", human_duration(trend.period));
  }
  return {};
}

Color trend_color(TrendKind kind) {
  return kind == TrendKind::kRapidIncrease || kind == TrendKind::kRapidDecrease ? Color::kYellow
                                                                                : Color::kNone;
}

std::string spark(std::span<const double> values, std::size_t columns) {
  std::vector<std::uint64_t> numbers;
  for (const double value : values.last(std::min(values.size(), columns))) {
    numbers.push_back(static_cast<std::uint64_t>(std::llround(std::max(value, 0.0) * 1000)));
  }
  if (numbers.empty()) {
    return {};
  }
  return sparkline(numbers, 0, std::ranges::max(numbers));
}

struct RateRow {
  std::string_view name;
  Metric metric;
  std::string value;
};

std::vector<RateRow> rate_rows(const MonitorReading& reading) {
  const auto rate = [&reading](auto value) {
    return reading.rates ? value(*reading.rates) : std::string("-");
  };
  return {
      {"connections", Metric::kConnections, grouped(reading.connections)},
      {"TIME_WAIT", Metric::kTimeWait, grouped(reading.time_wait)},
      {"connections/s", Metric::kConnectionRate,
       rate([](const auto& rates) { return real_text(model::connection_rate(rates)); })},
      {"errors", Metric::kErrorRate,
       reading.error_rate ? fmt::format("{:.1f} %", *reading.error_rate) : std::string("-")},
      {"retransmits", Metric::kRetransmitRate, rate([](const auto& rates) {
         return fmt::format("{:.2f} %", model::retransmit_rate(rates));
       })},
      {"resets sent/s", Metric::kResetRate, rate([](const auto& rates) {
         return real_text(model::rate_of(rates, MonitorCounter::kOutRsts));
       })},
  };
}

StyledLine more_rates(const MonitorReading& reading) {
  std::string words;
  Clauses clauses(words);
  const auto add = [&](MonitorCounter counter, std::string_view what) {
    if (const double rate = model::rate_of(*reading.rates, counter); rate > 0) {
      clauses.add("{} {}/s", what, real_text(rate));
    }
  };
  add(MonitorCounter::kInSegs, "segments in");
  add(MonitorCounter::kOutSegs, "out");
  add(MonitorCounter::kAttemptFails, "attempts failed");
  add(MonitorCounter::kEstabResets, "connections reset");
  add(MonitorCounter::kSynRetrans, "SYNs and SYN-ACKs sent again");
  add(MonitorCounter::kTimeouts, "timeouts");
  add(MonitorCounter::kListenOverflows, "listen overflows");
  add(MonitorCounter::kListenDrops, "listen drops");
  add(MonitorCounter::kBacklogDrop, "backlog drops");
  add(MonitorCounter::kAbortOnTimeout, "aborts on timeout");
  add(MonitorCounter::kAbortOnMemory, "aborts on memory");
  return clauses.empty()
             ? StyledLine()
             : StyledLine{{.text = left_cell("", kRowNameWidth)}, {.text = std::move(words)}};
}

Color state_color(model::TcpState state) {
  switch (state) {
    case model::TcpState::kEstablished:
      return Color::kGreen;
    case model::TcpState::kCloseWait:
    case model::TcpState::kSynRecv:
    case model::TcpState::kSynSent:
      return Color::kYellow;
    default:
      return Color::kNone;
  }
}

struct Loss {
  std::string_view what;
  std::uint64_t count = 0;
};

std::array<Loss, 3> losses_of(const MonitorReading& reading) {
  const model::MonitorLosses& losses = reading.losses;
  return {{{"records of the trace", reading.trace ? reading.trace->lost.total() : 0},
           {"alerts without room", losses.alerts_untracked},
           {"commands without room", losses.commands_dropped}}};
}

// What is not lost, but not there either.
std::array<Loss, 7> gaps_of(const MonitorReading& reading) {
  const model::MonitorLosses& losses = reading.losses;
  static const model::MonitorWalk none;
  const model::MonitorWalk& walk = reading.walk ? *reading.walk : none;
  return {{{"commands that failed", losses.commands_failed},
           {"network namespaces not read", losses.unread_namespaces},
           {"network namespaces whose sockets were not read", walk.unread_namespaces.size()},
           {"walks that failed", losses.walks_failed},
           {"processes not read", walk.unread_processes},
           {"walks without owners", walk.owners_unreadable ? 1U : 0U},
           {"records of sockets not understood", walk.undecodable}}};
}

}  // namespace

std::string real_text(double value) {
  return value < 10 ? fmt::format("{:.1f}", std::max(value, 0.0))
                    : grouped(static_cast<std::uint64_t>(std::llround(value)));
}

void append(StyledLines& to, StyledLines lines) {
  if (!to.empty() && !lines.empty()) {
    to.emplace_back();
  }
  std::ranges::move(lines, std::back_inserter(to));
}

StyledLine headline(std::string_view text) {
  return {{.text = std::string(text), .color = Color::kBold}};
}

std::string table_cells(CellWidths widths, std::string_view name,
                        std::initializer_list<std::string> numbers) {
  std::string text = left_cell(name, widths.name);
  for (const std::string& number : numbers) {
    text += right_cell(number, widths.number);
  }
  return text;
}

std::string bar(double share, std::size_t columns) {
  const auto length = static_cast<std::size_t>(std::lround(share * static_cast<double>(columns)));
  std::string text;
  for (std::size_t i = 0; i < std::min(length, columns); ++i) {
    text += "█";
  }
  return text;
}

Color level_color(model::AlertLevel level) {
  return level == model::AlertLevel::kCritical ? Color::kRed : Color::kYellow;
}

bool passes(std::string_view text, std::string_view filter) {
  const auto same = [](unsigned char a, unsigned char b) {
    return std::tolower(a) == std::tolower(b);
  };
  return !std::ranges::search(text, filter, same).empty() || filter.empty();
}

StyledLines rates_section(const MonitorReading& reading, const Shown& shown) {
  const std::size_t taken = kRowNameWidth + kRowValueWidth + 2 + kTrendWidth;
  const std::size_t room = shown.columns > taken ? shown.columns - taken : 0;
  const std::size_t columns = std::min(std::max<std::size_t>(room, 8), kMostSpark);
  StyledLines lines;
  for (const RateRow& row : rate_rows(reading)) {
    const auto index = static_cast<std::size_t>(row.metric);
    const model::Trend& trend = reading.trends.at(index);
    StyledLine line{{.text = left_cell(row.name, kRowNameWidth)},
                    {.text = right_cell(row.value, kRowValueWidth), .color = Color::kBold}};
    // One value goes nowhere.
    if (const auto& series = reading.series.at(index); series.size() > 2) {
      line.push_back({.text = "  " + left_cell(spark(series, columns), columns)});
      line.push_back({.text = "  " + trend_words(trend), .color = trend_color(trend.kind)});
    }
    lines.push_back(std::move(line));
  }
  if (StyledLine more = reading.rates ? more_rates(reading) : StyledLine(); !more.empty()) {
    lines.push_back(std::move(more));
  }
  lines.push_back({{.text = left_cell("memory", kRowNameWidth)},
                   {.text = right_cell(human_bytes(reading.memory_bytes), kRowValueWidth)},
                   {.text = fmt::format("  {}, {}", counted(reading.orphans, "orphan"),
                                        counted(reading.namespaces, "network namespace"))}});
  return lines;
}

StyledLines states_section(const MonitorReading& reading, const Shown& shown) {
  StyledLines lines;
  if (!reading.walk) {
    return lines;
  }
  const model::SocketCensus& census = reading.walk->census;
  const std::uint64_t most = std::max<std::uint64_t>(std::ranges::max(census.states), 1);
  const std::size_t taken = kRowNameWidth + kRowValueWidth + 2;
  const std::size_t room = shown.columns > taken ? shown.columns - taken : 0;
  lines.push_back(
      headline(fmt::format("{}, {}", counted(census.sockets, "socket"), walk_words(reading))));
  for (std::size_t i = 1; i < census.states.size(); ++i) {
    const std::uint64_t count = census.states.at(i);
    const auto state = static_cast<model::TcpState>(i);
    if (count == 0) {
      continue;
    }
    lines.push_back({{.text = left_cell(model::state_name(state), kRowNameWidth)},
                     {.text = right_cell(grouped(count), kRowValueWidth)},
                     {.text = "  " + bar(static_cast<double>(count) / static_cast<double>(most),
                                         std::min<std::size_t>(room, kMostSpark)),
                      .color = state_color(state)}});
  }
  return lines;
}

StyledLines alerts_section(const MonitorReading& reading, const Context& context) {
  StyledLines lines;
  for (const model::Alert& alert : reading.alerts) {
    std::string words = fmt::format(
        "  {} {}: {} {} (threshold {}, peak {}), since ", model::alert_kind_name(alert.kind),
        terminal_safe(alert.subject), real_text(alert.value), model::alert_unit(alert.kind),
        real_text(alert.threshold), real_text(alert.peak));
    append_clock_time(words, wall_time(alert.since, context), context);
    lines.push_back({{.text = std::string(model::alert_level_name(alert.level)),
                      .color = level_color(alert.level)},
                     {.text = std::move(words)}});
  }
  lines.insert(lines.begin(),
               headline(lines.empty() ? "no alert" : counted(lines.size(), "alert")));
  return lines;
}

StyledLines retries_section(const MonitorReading& reading) {
  StyledLines lines;
  for (const model::RetryPattern& row : reading.retries) {
    const std::string who = row.subject.empty() ? "this host" : terminal_safe(row.subject);
    const std::string pace =
        row.backs_off ? fmt::format("backing off from {} to {}", human_duration(row.first_gap),
                                    human_duration(row.last_gap))
                      : fmt::format("every {}", human_duration(row.last_gap));
    lines.push_back(
        {{.text = "retries", .color = Color::kYellow},
         {.text = fmt::format("  {}: {} attempts that failed, {}", who, row.attempts, pace)}});
  }
  return lines;
}

StyledLines losses_section(const MonitorReading& reading) {
  StyledLines lines;
  const auto add = [&lines](std::string_view name, Color color, std::span<const Loss> losses) {
    std::string words;
    Clauses clauses(words);
    for (const Loss& loss : losses) {
      if (loss.count != 0) {
        clauses.add("{} {}", loss.what, grouped(loss.count));
      }
    }
    if (!clauses.empty()) {
      lines.push_back({{.text = std::string(name), .color = color}, {.text = "  " + words}});
    }
  };
  add("lost", Color::kRed, losses_of(reading));
  add("missing", Color::kYellow, gaps_of(reading));
  return lines;
}

std::uint64_t total_lost(const MonitorReading& reading) {
  std::uint64_t total = 0;
  for (const Loss& loss : losses_of(reading)) {
    total += loss.count;
  }
  return total;
}

std::string walk_words(const MonitorReading& reading) {
  if (!reading.walk) {
    return {};
  }
  const model::MonitorWalk& walk = *reading.walk;
  const std::chrono::nanoseconds age = reading.boot_time - walk.boot_time;
  std::string words = fmt::format(
      "counted {} by {} in {}", age.count() > 0 ? human_duration(age) + " ago" : "just now",
      walk.source == model::SocketSource::kIter ? "a BPF iterator" : "netlink",
      human_duration(walk.took));
  if (walk.interrupted) {
    words += ", while they changed";
  }
  return words;
}

}  // namespace tcptrace::output
