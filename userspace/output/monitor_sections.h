// SPDX-License-Identifier: GPL-2.0
// The parts of which --once and the dashboard are made. Private to output/.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

#include "model/monitor.h"
#include "output/styled.h"
#include "output/view_state.h"

namespace tcptrace::output {

struct Shown {
  std::size_t columns = 80;
  std::size_t sort = 0;     // of the view
  std::string filter{};     // what lines of tables must contain, whatever the case
  std::size_t rows = 1000;  // of each table
};

[[nodiscard]] StyledLines rates_section(const model::MonitorReading& reading, const Shown& shown);
[[nodiscard]] StyledLines states_section(const model::MonitorReading& reading, const Shown& shown);
[[nodiscard]] StyledLines alerts_section(const model::MonitorReading& reading,
                                         const Context& context);
[[nodiscard]] StyledLines retries_section(const model::MonitorReading& reading);
[[nodiscard]] StyledLines losses_section(const model::MonitorReading& reading);
[[nodiscard]] std::uint64_t total_lost(const model::MonitorReading& reading);
[[nodiscard]] StyledLines talkers_section(const model::MonitorReading& reading, const Shown& shown);
[[nodiscard]] StyledLines listeners_section(const model::MonitorReading& reading,
                                            const Shown& shown);
[[nodiscard]] StyledLines resets_section(const model::MonitorReading& reading, const Shown& shown,
                                         const Context& context);
[[nodiscard]] StyledLines round_trips_section(const model::MonitorReading& reading,
                                              const Shown& shown);

// "counted 1.2 s ago by netlink in 80.0 ms": where the tables of a walk come from; empty: there was
// none.
[[nodiscard]] std::string walk_words(const model::MonitorReading& reading);

void append(StyledLines& to, StyledLines lines);
[[nodiscard]] StyledLine headline(std::string_view text);
// A line of a table.
struct CellWidths {
  std::size_t name = 0;
  std::size_t number = 0;  // of each that follows
};
[[nodiscard]] std::string table_cells(CellWidths widths, std::string_view name,
                                      std::initializer_list<std::string> numbers);
// A share of so many columns, 0 to 1.
[[nodiscard]] std::string bar(double share, std::size_t columns);
[[nodiscard]] Color level_color(model::AlertLevel level);
// Whether a line that reads so is asked for.
[[nodiscard]] bool passes(std::string_view text, std::string_view filter);
// 3.1, 1,234
[[nodiscard]] std::string real_text(double value);

}  // namespace tcptrace::output
