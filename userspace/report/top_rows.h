// SPDX-License-Identifier: GPL-2.0
// Rows by key, those with most in them kept: when there are twice as many as are kept, the lighter
// half leaves, and what it had counted is counted together. A row that left and came again counts
// from there.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <utility>
#include <vector>

namespace tcptrace::report {

template <typename Key, typename Row, std::uint64_t Row::*kWeight>
class TopRows {
 public:
  explicit TopRows(std::size_t kept) : kept_(kept) {}

  // The row of `key`; make() makes one that is not there.
  template <typename Make>
  Row& row(const Key& key, const Make& make) {
    auto found = rows_.lower_bound(key);
    if (found != rows_.end() && !rows_.key_comp()(key, found->first)) {
      return found->second;
    }
    if (rows_.size() >= 2 * kept_) {
      prune();
      found = rows_.lower_bound(key);
    }
    return rows_.emplace_hint(found, key, make())->second;
  }

  // The heaviest first, no more than `most`; what the others have counted is added to `elsewhere`.
  [[nodiscard]] std::vector<Row> heaviest(std::size_t most, std::uint64_t& elsewhere) const {
    std::vector<Row> rows;
    rows.reserve(rows_.size());
    for (const auto& [key, row] : rows_) {
      rows.push_back(row);
    }
    std::ranges::stable_sort(rows, std::greater{}, kWeight);
    elsewhere += elsewhere_;
    for (; rows.size() > most; rows.pop_back()) {
      elsewhere += rows.back().*kWeight;
    }
    return rows;
  }

 private:
  void prune() {
    std::vector<std::uint64_t> weights;
    weights.reserve(rows_.size());
    for (const auto& [key, row] : rows_) {
      weights.push_back(row.*kWeight);
    }
    const auto middle = weights.begin() + static_cast<std::ptrdiff_t>(weights.size() / 2);
    std::ranges::nth_element(weights, middle);
    std::size_t to_leave = rows_.size() / 2;
    // Those that weigh as much as the median leave too, until half of them have.
    for (auto row = rows_.begin(); row != rows_.end() && to_leave > 0;) {
      if (row->second.*kWeight > *middle) {
        ++row;
        continue;
      }
      elsewhere_ += row->second.*kWeight;
      row = rows_.erase(row);
      --to_leave;
    }
  }

  std::size_t kept_;
  std::map<Key, Row> rows_;
  std::uint64_t elsewhere_ = 0;
};

}  // namespace tcptrace::report
