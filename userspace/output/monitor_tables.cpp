// SPDX-License-Identifier: GPL-2.0
// The tables of a walk: who talks, who listens, how long the round trips are.
#include <algorithm>
#include <array>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <utility>

#include "output/monitor_sections.h"

namespace tcptrace::output {
namespace {

using model::MonitorReading;

constexpr CellWidths kTableWidths{.name = 40, .number = 12};
constexpr std::size_t kProcessWidth = 24;

// A line of a table before it is sorted: `keys` by what it can be, the largest first, `name` for
// the last way.
struct Row {
  std::array<double, 2> keys{};
  std::string name;
  StyledLine line;
};

StyledLines table(std::string_view header, std::vector<Row> rows, const Shown& shown) {
  StyledLines lines{headline(header)};
  std::erase_if(rows, [&](const Row& row) { return !passes(plain_text(row.line), shown.filter); });
  std::ranges::stable_sort(rows, [&shown](const Row& a, const Row& b) {
    return shown.sort < a.keys.size() ? a.keys.at(shown.sort) > b.keys.at(shown.sort)
                                      : a.name < b.name;
  });
  for (Row& row : std::span(rows).first(std::min(rows.size(), shown.rows))) {
    lines.push_back(std::move(row.line));
  }
  if (rows.empty()) {
    lines.push_back({{.text = shown.filter.empty() ? "none" : "none that matches"}});
  }
  return lines;
}

std::string process_text(const model::Process& process) {
  return process.pid == 0 ? "-"
                          : fmt::format("{} ({})", terminal_safe(process.comm_view()), process.pid);
}

double real(std::uint64_t value) { return static_cast<double>(value); }

StyledLines peers(const model::SocketCensus& census, const Shown& shown) {
  std::vector<Row> rows;
  for (const model::PeerCount& peer : census.peers) {
    const std::string name = model::address_text(peer.family, peer.address);
    rows.push_back(
        {.keys = {real(peer.connections), real(peer.established)},
         .name = name,
         .line = {{.text = table_cells(kTableWidths, name,
                                       {grouped(peer.connections), grouped(peer.established)})}}});
  }
  return table(table_cells(kTableWidths, "PEER", {"CONNECTIONS", "ESTABLISHED"}), std::move(rows),
               shown);
}

StyledLines processes(const model::SocketCensus& census, const Shown& shown) {
  std::vector<Row> rows;
  for (const model::ProcessCount& process : census.processes) {
    const std::string name = process_text(process.process);
    rows.push_back({.keys = {real(process.connections), real(process.established)},
                    .name = name,
                    .line = {{.text = table_cells(
                                  kTableWidths, name,
                                  {grouped(process.connections), grouped(process.established)})},
                             {.text = right_cell(grouped(process.close_wait), kTableWidths.number),
                              .color = process.close_wait != 0 ? Color::kYellow : Color::kNone}}});
  }
  return table(table_cells(kTableWidths, "PROCESS", {"CONNECTIONS", "ESTABLISHED", "CLOSE_WAIT"}),
               std::move(rows), shown);
}

StyledLines ports(const model::SocketCensus& census, const Shown& shown) {
  std::vector<Row> rows;
  for (const model::PortCount& port : census.local_ports) {
    const std::string name = fmt::format("{} (netns {})", port.port, port.netns);
    rows.push_back(
        {.keys = {real(port.connections), real(port.connections)},
         .name = fmt::format("{:5}", port.port),
         .line = {{.text = table_cells(kTableWidths, name, {grouped(port.connections)})}}});
  }
  return table(table_cells(kTableWidths, "LOCAL PORT", {"CONNECTIONS"}), std::move(rows), shown);
}

Color fullness_color(double percent) {
  return percent >= 90 ? Color::kRed : percent >= 50 ? Color::kYellow : Color::kNone;
}

StyledLines port_use(const model::SocketCensus& census, const Shown& shown) {
  std::vector<Row> rows;
  for (const model::PortUse& use : census.port_use) {
    const double percent = model::ports_percent(use);
    const std::string name = fmt::format("{} -> {}", model::address_text(use.family, use.local),
                                         model::endpoint_text(use.family, use.peer, use.peer_port));
    rows.push_back(
        {.keys = {percent, real(use.ports + use.time_wait)},
         .name = name,
         .line = {{.text = table_cells(
                       kTableWidths, name,
                       {grouped(use.ports), grouped(use.time_wait), grouped(use.available)})},
                  {.text = right_cell(fmt::format("{:.1f} %", percent), kTableWidths.number),
                   .color = fullness_color(percent)}}});
  }
  return table(
      table_cells(kTableWidths, "EPHEMERAL PORTS", {"USED", "TIME_WAIT", "AVAILABLE", "USE"}),
      std::move(rows), shown);
}

}  // namespace

StyledLines talkers_section(const MonitorReading& reading, const Shown& shown) {
  StyledLines lines;
  if (!reading.walk) {
    return {{{.text = "no walk over the sockets yet"}}};
  }
  const model::SocketCensus& census = reading.walk->census;
  append(lines, peers(census, shown));
  append(lines, processes(census, shown));
  append(lines, ports(census, shown));
  return lines;
}

StyledLines listeners_section(const MonitorReading& reading, const Shown& shown) {
  if (!reading.walk) {
    return {{{.text = "no walk over the sockets yet"}}};
  }
  std::vector<Row> rows;
  for (const model::ListenerCount& listener : reading.walk->census.listeners) {
    const double percent = model::backlog_percent(listener);
    const std::string name = model::endpoint_text(listener.family, listener.address, listener.port);
    rows.push_back(
        {.keys = {percent, real(listener.connections)},
         .name = fmt::format("{:5}", listener.port),
         .line = {{.text = table_cells(kTableWidths, name,
                                       {grouped(listener.backlog), grouped(listener.limit)})},
                  {.text = right_cell(fmt::format("{:.0f} %", percent), kTableWidths.number),
                   .color = fullness_color(percent)},
                  {.text = right_cell(grouped(listener.connections), kTableWidths.number) + "  " +
                           left_cell(process_text(listener.process), kProcessWidth)}}});
  }
  StyledLines lines =
      table(table_cells(kTableWidths, "LISTENER", {"BACKLOG", "LIMIT", "FULL", "CONNECTIONS"}) +
                "  PROCESS",
            std::move(rows), shown);
  append(lines, port_use(reading.walk->census, shown));
  return lines;
}

StyledLines round_trips_section(const MonitorReading& reading, const Shown& shown) {
  if (!reading.walk) {
    return {{{.text = "no walk over the sockets yet"}}};
  }
  const model::RttBuckets& buckets = reading.walk->census.rtt;
  const std::uint64_t most = std::ranges::max(buckets);
  if (most == 0) {
    return {{{.text = "no established connection has a measured round trip"}}};
  }
  const auto filled = [&buckets](std::size_t i) { return buckets.at(i) != 0; };
  std::size_t first = 0;
  std::size_t last = buckets.size() - 1;
  while (!filled(first)) {
    ++first;
  }
  while (!filled(last)) {
    --last;
  }
  StyledLines lines{headline(left_cell("ROUND TRIP BELOW", 18) + right_cell("CONNECTIONS", 12))};
  const std::size_t room = shown.columns > 34 ? shown.columns - 34 : 0;
  for (std::size_t i = first; i <= last; ++i) {
    const double share = real(buckets.at(i)) / real(most);
    const std::chrono::microseconds below(std::int64_t{1} << i);
    lines.push_back({{.text = left_cell(human_duration(below), 18)},
                     {.text = right_cell(grouped(buckets.at(i)), 12)},
                     {.text = "  " + bar(share, room), .color = Color::kGreen}});
  }
  return lines;
}

}  // namespace tcptrace::output
