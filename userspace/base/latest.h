// SPDX-License-Identifier: GPL-2.0
// The latest values of a series, as many as there is room for.
#pragma once

#include <cstddef>
#include <vector>

namespace tcptrace {

template <typename T>
class Latest {
 public:
  static constexpr std::size_t kRoom = 64;

  void add(T value) {
    if (values_.size() < kRoom) {
      values_.push_back(value);
    } else {
      values_[next_] = value;
      next_ = (next_ + 1) % kRoom;
    }
  }
  // Oldest first.
  [[nodiscard]] std::vector<T> in_order() const {
    std::vector<T> ordered(values_.begin() + static_cast<std::ptrdiff_t>(next_), values_.end());
    ordered.insert(ordered.end(), values_.begin(),
                   values_.begin() + static_cast<std::ptrdiff_t>(next_));
    return ordered;
  }

 private:
  std::vector<T> values_;
  std::size_t next_ = 0;
};

}  // namespace tcptrace
