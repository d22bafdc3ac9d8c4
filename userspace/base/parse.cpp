// SPDX-License-Identifier: GPL-2.0
#include "base/parse.h"

#include <algorithm>
#include <cstddef>

namespace tcptrace {

std::vector<std::string_view> lines(std::string_view text) {
  std::vector<std::string_view> result;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    result.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return result;
}

std::vector<std::string_view> fields(std::string_view text) {
  static constexpr std::string_view kBlanks = " \t";
  std::vector<std::string_view> result;
  for (std::size_t start = text.find_first_not_of(kBlanks); start != std::string_view::npos;) {
    const std::size_t end = std::min(text.find_first_of(kBlanks, start), text.size());
    result.push_back(text.substr(start, end - start));
    start = text.find_first_not_of(kBlanks, end);
  }
  return result;
}

}  // namespace tcptrace
