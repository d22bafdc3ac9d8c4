// SPDX-License-Identifier: GPL-2.0
// Cells of a text table and the words of its last column. Private to output/; knows no record.
#pragma once

#include <cstddef>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "output/context.h"

namespace tcptrace::output {

enum class Color { kNone, kBold, kRed, kYellow, kMagenta, kGreen };

// SGR sequence; empty without colour.
[[nodiscard]] inline std::string_view color_on(Color color, const Context& context) {
  if (!context.color) {
    return {};
  }
  switch (color) {
    case Color::kNone:
      return {};
    case Color::kBold:
      return "\x1b[1m";
    case Color::kRed:
      return "\x1b[31m";
    case Color::kYellow:
      return "\x1b[33m";
    case Color::kMagenta:
      return "\x1b[35m";
    case Color::kGreen:
      return "\x1b[32m";
  }
  return {};
}

inline void append_colored(std::string& out, std::string_view text, Color color,
                           const Context& context) {
  const std::string_view on = color_on(color, context);
  out += on;
  out += text;
  out += on.empty() ? "" : "\x1b[0m";
}

// The column of a process' name: the kernel's TASK_COMM_LEN without its zero.
inline constexpr std::size_t kCommWidth = 15;

// Two spaces behind every cell, also behind one that is wider than its column: fields always stay
// apart.
inline void pad_cell(std::string& out, std::size_t text_width, std::size_t column_width) {
  out.append(text_width < column_width ? column_width - text_width : 0, ' ');
  out += "  ";
}

inline void append_cell(std::string& out, std::string_view text, std::size_t column_width) {
  out += text;
  pad_cell(out, display_width(text), column_width);
}

// A report's lines begin with what they are about, so that the rest stands in one column.
inline constexpr std::size_t kLabelWidth = 11;

inline void append_label(std::string& out, std::string_view label) {
  append_cell(out, label, kLabelWidth);
}

inline void append_labelled(std::string& out, std::string_view label, std::string_view words) {
  append_label(out, label);
  out += words;
  out += '\n';
}

inline void trim_line(std::string& out) {
  while (!out.empty() && out.back() == ' ') {
    out.pop_back();
  }
}

// Clauses joined by ", ".
class Clauses {
 public:
  explicit Clauses(std::string& out) : out_(out) {}

  template <typename... Args>
  void add(fmt::format_string<Args...> format, Args&&... args) {
    if (!first_) {
      out_ += ", ";
    }
    first_ = false;
    fmt::format_to(std::back_inserter(out_), format, std::forward<Args>(args)...);
  }

  [[nodiscard]] bool empty() const { return first_; }

 private:
  std::string& out_;
  bool first_ = true;
};

}  // namespace tcptrace::output
