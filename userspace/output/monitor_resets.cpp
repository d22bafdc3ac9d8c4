// SPDX-License-Identifier: GPL-2.0
// What the tracer saw, as the dashboard shows it: causes, retransmissions, the latest events.
#include <algorithm>
#include <cstdint>
#include <utility>

#include "output/monitor_sections.h"
#include "output/text_detail.h"
#include "output/wall_time.h"

namespace tcptrace::output {
namespace {

using model::CauseTally;
using model::MonitorReading;
using model::Tally;

constexpr CellWidths kResetWidths{.name = 26, .number = 15};

std::uint64_t recent(const CauseTally& row) {
  return row.sent.recent + row.received.recent + row.failed.recent;
}

std::uint64_t total(const CauseTally& row) {
  return row.sent.total + row.received.total + row.failed.total;
}

std::string tally_text(const Tally& tally) {
  return tally.total == 0 ? "-"
                          : fmt::format("{} / {}", grouped(tally.recent), grouped(tally.total));
}

StyledLines causes(const model::MonitorTrace& trace, const Shown& shown) {
  std::vector<CauseTally> rows = trace.causes;
  std::ranges::stable_sort(rows, [&shown](const CauseTally& a, const CauseTally& b) {
    return shown.sort == 0   ? recent(a) > recent(b)
           : shown.sort == 1 ? total(a) > total(b)
                             : model::cause_name(a.cause) < model::cause_name(b.cause);
  });
  StyledLines lines{headline(table_cells(kResetWidths, "CAUSE (last minute / all)",
                                         {"RST SENT", "RST RECEIVED", "FAILED"}))};
  for (const CauseTally& row : rows) {
    const std::string_view name = model::cause_name(row.cause);
    if (passes(name, shown.filter)) {
      lines.push_back({{.text = table_cells(kResetWidths, name,
                                            {tally_text(row.sent), tally_text(row.received),
                                             tally_text(row.failed)}),
                        .color = recent(row) != 0 ? Color::kRed : Color::kNone}});
    }
  }
  if (lines.size() == 1) {
    lines.push_back({{.text = "none"}});
  }
  return lines;
}

StyledLines retransmits(const model::MonitorTrace& trace) {
  StyledLines lines{headline(table_cells(kResetWidths, "RETRANSMISSIONS", {"SEGMENTS"}))};
  for (const model::RetransmitTally& row : trace.retransmits) {
    const std::string_view name = model::retransmit_type_name(row.type);
    lines.push_back({{.text = table_cells(kResetWidths, name, {tally_text(row.segments)})}});
  }
  if (lines.size() == 1) {
    lines.push_back({{.text = "none"}});
  }
  return lines;
}

std::string event_text(const model::Event& event) {
  const model::Connection& connection = event.connection;
  std::string text = left_cell(
      event.owner
          ? fmt::format("{} ({})", terminal_safe(event.owner->comm_view()), event.owner->pid)
          : "-",
      kResetWidths.name);
  text += ' ' + model::endpoint_text(connection.family, connection.local, connection.local_port);
  text += " -> " + model::endpoint_text(connection.family, connection.peer, connection.peer_port);
  if (event.verdict) {
    fmt::format_to(std::back_inserter(text), "  {} ({})", model::cause_name(event.verdict->cause),
                   model::confidence_name(event.verdict->confidence));
  }
  return text;
}

StyledLines latest(const model::MonitorTrace& trace, const Shown& shown, const Context& context) {
  StyledLines lines{headline("LATEST")};
  for (const model::Event& event : trace.latest) {
    if (lines.size() > shown.rows) {
      break;
    }
    const Label label = event_label(event);
    std::string time;
    append_clock_time(time, wall_time(event.boot_time, context), context);
    std::string words = event_text(event);
    if (passes(words, shown.filter)) {
      lines.push_back({{.text = time + "  "},
                       {.text = left_cell(label.text, 16), .color = label.color},
                       {.text = std::move(words)}});
    }
  }
  return lines.size() == 1 ? StyledLines{} : lines;
}

}  // namespace

StyledLines resets_section(const MonitorReading& reading, const Shown& shown,
                           const Context& context) {
  if (!reading.trace) {
    return {headline("resets by cause"),
            {{.text = "nothing is traced: " + terminal_safe(reading.no_trace)}}};
  }
  StyledLines lines;
  append(lines, causes(*reading.trace, shown));
  append(lines, retransmits(*reading.trace));
  append(lines, latest(*reading.trace, shown, context));
  return lines;
}

}  // namespace tcptrace::output
