// SPDX-License-Identifier: GPL-2.0
#include "cli/parse_suggest.h"

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <vector>

#include <fmt/core.h>

namespace tcptrace::cli {
namespace {

// Levenshtein, with a swap of neighbours as one step: the commonest slip of all.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1);
  std::vector<std::size_t> above(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(above.begin(), above.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = above[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, replaced});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = std::min(row[j], before[j - 2] + 1);
      }
    }
    before.swap(above);
    above.swap(row);
  }
  return above[b.size()];
}

}  // namespace

std::string did_you_mean(std::string_view word, std::span<const std::string> candidates) {
  static constexpr std::size_t kLongestWord = 64;
  if (word.size() > kLongestWord) {
    return {};
  }
  const std::string* nearest = nullptr;
  // A third of the word may be wrong, dashes aside.
  const std::size_t letters = word.size() - std::min(word.find_first_not_of('-'), word.size());
  std::size_t best = std::max<std::size_t>(1, letters / 3) + 1;
  for (const std::string& candidate : candidates) {
    // What was begun right is meant, however much is missing: --dur for --duration.
    const bool begun = letters >= 3 && candidate.starts_with(word);
    const std::size_t steps = begun ? 0 : distance(word, candidate);
    if (steps < best) {
      best = steps;
      nearest = &candidate;
    }
  }
  return nearest == nullptr ? std::string() : fmt::format("did you mean {}?", *nearest);
}

}  // namespace tcptrace::cli
