// SPDX-License-Identifier: GPL-2.0
// What the two halves of a report's text share. Private to output/.
#pragma once

#include <algorithm>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "model/host_report.h"
#include "output/context.h"
#include "output/text_cell.h"

namespace tcptrace::output {

// A number before what it counts.
inline void append_count_cell(std::string& out, std::string_view number) {
  constexpr std::size_t kWidth = 9;
  fmt::format_to(std::back_inserter(out), "  {:>{}}  ", number, kWidth);
}

// Whether there is something to tell the rows apart by.
template <typename Row>
[[nodiscard]] bool differ(const std::vector<Row>& rows, std::string Row::*label) {
  return std::ranges::any_of(rows,
                             [&](const Row& row) { return row.*label != rows.front().*label; });
}

// Findings, alerts, timeline, idle times, worst connections, retransmissions, patterns, coverage
// and settings: those that there are.
void append_report_parts(std::string& out, const model::HostReport& report, const Context& context);

}  // namespace tcptrace::output
