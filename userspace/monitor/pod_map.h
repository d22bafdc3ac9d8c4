// SPDX-License-Identifier: GPL-2.0
// A hash map for counting by the million: keys of plain bytes, no allocation an entry, entries side
// by side in the order in which they came.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>
#include <utility>
#include <vector>

namespace tcptrace::monitor {

template <typename Key, typename Value>
class PodMap {
  static_assert(std::has_unique_object_representations_v<Key>, "padding would be hashed");
  static_assert(sizeof(Key) % sizeof(std::uint64_t) == 0);

 public:
  struct Entry {
    Key key;
    Value value{};
  };

  // The value of the key; a new one's is Value{}. Valid until another is added.
  [[nodiscard]] Value& operator[](const Key& key) {
    if (2 * (entries_.size() + 1) > slots_.size()) {
      grow();
    }
    std::uint32_t& slot = slot_of(key);
    if (slot == kFree) {
      slot = static_cast<std::uint32_t>(entries_.size());
      entries_.push_back({.key = key});
    }
    return entries_[slot].value;
  }

  // Null: there is none. Valid until a key is added.
  [[nodiscard]] const Entry* find(const Key& key) {
    if (slots_.empty()) {
      return nullptr;
    }
    const std::uint32_t slot = slot_of(key);
    return slot == kFree ? nullptr : &entries_[slot];
  }

  [[nodiscard]] const std::vector<Entry>& entries() const { return entries_; }

  // Keeps the memory.
  void clear() {
    entries_.clear();
    slots_.assign(slots_.size(), kFree);
  }

 private:
  static constexpr std::uint32_t kFree = UINT32_MAX;
  static constexpr std::size_t kFirstSlots = 64;

  [[nodiscard]] static std::size_t hash(const Key& key) {
    constexpr std::uint64_t kOdd = 0x9e3779b97f4a7c15;  // 2^64 divided by the golden ratio
    std::array<std::uint64_t, sizeof(Key) / sizeof(std::uint64_t)> words;
    std::memcpy(words.data(), &key, sizeof(key));
    std::uint64_t mixed = 0;
    for (const std::uint64_t word : words) {
      mixed = (std::rotl(mixed, 23) ^ word) * kOdd;
      mixed ^= mixed >> 32U;
    }
    return static_cast<std::size_t>(mixed);
  }

  // Linear probing in a power of two of slots, at most half of which are used.
  [[nodiscard]] std::uint32_t& slot_of(const Key& key) {
    const std::size_t mask = slots_.size() - 1;
    for (std::size_t i = hash(key) & mask;; i = (i + 1) & mask) {
      if (slots_[i] == kFree || std::memcmp(&entries_[slots_[i]].key, &key, sizeof(key)) == 0) {
        return slots_[i];
      }
    }
  }

  void grow() {
    slots_.assign(slots_.empty() ? kFirstSlots : 2 * slots_.size(), kFree);
    for (std::size_t i = 0; i < entries_.size(); ++i) {
      slot_of(entries_[i].key) = static_cast<std::uint32_t>(i);
    }
  }

  std::vector<std::uint32_t> slots_;  // numbers of entries
  std::vector<Entry> entries_;
};

}  // namespace tcptrace::monitor
