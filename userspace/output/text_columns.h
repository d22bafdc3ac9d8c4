// SPDX-License-Identifier: GPL-2.0
// A small table whose columns are as wide as what is in them. Private to output/.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "output/context.h"

namespace tcptrace::output {

struct TextColumn {
  std::string_view title;
  bool number = false;  // to the right
  bool shown = true;
};

class TextColumns {
 public:
  explicit TextColumns(std::vector<TextColumn> columns) : columns_(std::move(columns)) {}

  // One cell for each column, shown or not; an empty one is "-". `below`: lines under it.
  void row(std::vector<std::string> cells, std::string below = {}) {
    rows_.push_back({.cells = std::move(cells), .below = std::move(below)});
  }
  [[nodiscard]] bool empty() const { return rows_.empty(); }

  // The titles, if wanted, and the rows.
  void append(std::string& out, const Context& context, bool titles = true) const;

 private:
  struct Row {
    std::vector<std::string> cells;
    std::string below;
  };

  std::vector<TextColumn> columns_;
  std::vector<Row> rows_;
};

}  // namespace tcptrace::output
