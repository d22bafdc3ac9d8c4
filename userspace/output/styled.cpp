// SPDX-License-Identifier: GPL-2.0
#include "output/styled.h"

#include <algorithm>
#include <utility>

namespace tcptrace::output {
namespace {

// Behind the first `columns` code points.
std::string_view first_columns(std::string_view utf8, std::size_t columns) {
  std::size_t end = 0;
  while (end < utf8.size()) {
    const bool begins = (static_cast<unsigned char>(utf8[end]) & 0xc0U) != 0x80U;
    if (begins && columns-- == 0) {
      break;
    }
    ++end;
  }
  return utf8.substr(0, end);
}

}  // namespace

std::string plain_text(const StyledLine& line) {
  std::string text;
  for (const Span& span : line) {
    text += span.text;
  }
  return text;
}

StyledLine cut_line(const StyledLine& line, std::size_t columns) {
  StyledLine cut;
  for (const Span& span : line) {
    const std::string_view kept = first_columns(span.text, columns);
    if (!kept.empty()) {
      cut.push_back({.text = std::string(kept), .color = span.color});
    }
    columns -= std::min(display_width(kept), columns);
  }
  return cut;
}

void append_lines(std::string& out, const StyledLines& lines, const Context& context) {
  for (const StyledLine& line : lines) {
    for (const Span& span : line) {
      if (span.color == Color::kNone) {
        out += span.text;
      } else {
        append_colored(out, span.text, span.color, context);
      }
    }
    trim_line(out);
    out += '\n';
  }
}

std::string left_cell(std::string_view text, std::size_t columns) {
  std::string cell(first_columns(text, columns));
  cell.append(columns - std::min(display_width(cell), columns), ' ');
  return cell;
}

std::string right_cell(std::string_view text, std::size_t columns) {
  const std::string_view kept = first_columns(text, columns);
  std::string cell(columns - std::min(display_width(kept), columns), ' ');
  cell += kept;
  return cell;
}

}  // namespace tcptrace::output
