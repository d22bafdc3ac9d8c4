// SPDX-License-Identifier: GPL-2.0
#include "output/text_columns.h"

#include <algorithm>
#include <cstddef>

#include "base/text.h"
#include "output/text_cell.h"

namespace tcptrace::output {
namespace {

std::string_view shown(std::string_view cell) { return cell.empty() ? "-" : cell; }

}  // namespace

void TextColumns::append(std::string& out, const Context& context, bool titles) const {
  std::vector<std::size_t> widths;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    std::size_t width = display_width(columns_[i].title);
    for (const Row& row : rows_) {
      width = std::max(width, display_width(shown(row.cells[i])));
    }
    widths.push_back(width);
  }
  const auto append_line = [&](std::string& line, const auto& cell) {
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      if (!columns_[i].shown) {
        continue;
      }
      const std::string_view text = cell(i);
      const std::size_t room = widths[i] - display_width(text);
      line.append(columns_[i].number ? room : 0, ' ');
      line += text;
      line.append(columns_[i].number ? 2 : room + 2, ' ');
    }
    trim_line(line);
  };
  if (titles) {
    std::string line;
    append_line(line, [&](std::size_t i) { return columns_[i].title; });
    append_colored(out, line, Color::kBold, context);
    out += '\n';
  }
  for (const Row& row : rows_) {
    append_line(out, [&](std::size_t i) { return shown(row.cells[i]); });
    out += '\n';
    out += row.below;
  }
}

}  // namespace tcptrace::output
