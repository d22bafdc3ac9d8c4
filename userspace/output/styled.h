// SPDX-License-Identifier: GPL-2.0
// Lines of text with colours, before they are bytes: for a terminal's cells or for a pipe.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "output/context.h"
#include "output/text_cell.h"

namespace tcptrace::output {

struct Span {
  std::string text;  // safe to print
  Color color = Color::kNone;
};
using StyledLine = std::vector<Span>;
using StyledLines = std::vector<StyledLine>;

[[nodiscard]] std::string plain_text(const StyledLine& line);

// The first `columns` of it.
[[nodiscard]] StyledLine cut_line(const StyledLine& line, std::size_t columns);

// With the context's colours, each with '\n'.
void append_lines(std::string& out, const StyledLines& lines, const Context& context);

// `text` in a column of this width, cut or padded; numbers go to its right end.
[[nodiscard]] std::string left_cell(std::string_view text, std::size_t columns);
[[nodiscard]] std::string right_cell(std::string_view text, std::size_t columns);

}  // namespace tcptrace::output
