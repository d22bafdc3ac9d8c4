// SPDX-License-Identifier: GPL-2.0
// Numbers and strings to bytes and back. A reader that runs out of bytes says so in the end instead
// of at every step.
#pragma once

#include <bit>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tcptrace::trace {

class ByteWriter {
 public:
  explicit ByteWriter(std::vector<std::byte>& out) : out_(out) {}

  void bytes(std::span<const std::byte> bytes) {
    out_.insert(out_.end(), bytes.begin(), bytes.end());
  }
  template <std::integral T>
  void number(T value) {
    bytes(std::as_bytes(std::span(&value, 1)));
  }
  void time(std::chrono::nanoseconds time) { number(std::int64_t{time.count()}); }
  void text(std::string_view text, std::size_t limit) {
    text = text.substr(0, limit);
    number(static_cast<std::uint32_t>(text.size()));
    bytes(std::as_bytes(std::span(text)));
  }
  template <typename T, typename Write>
  void list(const std::vector<T>& items, const Write& write) {
    number(static_cast<std::uint32_t>(items.size()));
    for (const T& item : items) {
      write(item);
    }
  }

 private:
  std::vector<std::byte>& out_;
};

class ByteReader {
 public:
  explicit ByteReader(std::span<const std::byte> bytes) : bytes_(bytes) {}

  // Everything that was asked for was there.
  [[nodiscard]] bool good() const { return good_; }
  void fail() { good_ = false; }
  [[nodiscard]] bool at_end() const { return bytes_.empty(); }

  // Empty where there are fewer.
  std::span<const std::byte> bytes(std::size_t size) {
    if (size > bytes_.size()) {
      good_ = false;
      bytes_ = {};
      return {};
    }
    const auto taken = bytes_.first(size);
    bytes_ = bytes_.subspan(size);
    return taken;
  }
  template <std::integral T>
  void number(T& value) {
    if (const auto from = bytes(sizeof(T)); from.size() == sizeof(T)) {
      std::memcpy(&value, from.data(), sizeof(T));
    }
  }
  void flag(bool& value) {
    std::uint8_t byte = 0;
    number(byte);
    value = byte != 0;
  }
  void time(std::chrono::nanoseconds& time) {
    std::int64_t count = 0;
    number(count);
    time = std::chrono::nanoseconds(count);
  }
  void text(std::string& text) {
    std::uint32_t size = 0;
    number(size);
    const auto from = bytes(size);
    text.assign(reinterpret_cast<const char*>(from.data()), from.size());
  }
  // Each item takes bytes, so a count that is none ends with them.
  template <typename T, typename Read>
  void list(std::vector<T>& items, const Read& read) {
    std::uint32_t count = 0;
    number(count);
    for (std::uint32_t i = 0; i < count && good_; ++i) {
      read(items.emplace_back());
    }
  }

 private:
  std::span<const std::byte> bytes_;
  bool good_ = true;
};

}  // namespace tcptrace::trace
