// SPDX-License-Identifier: GPL-2.0
// Writes one JSON object field by field, without a DOM. Knows JSON, not what the fields mean.
#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "base/text.h"

namespace tcptrace::output {

// A key as template argument, number<"rtt_us">(…): the compiler knows its length, so writing it is
// a few moves.
template <std::size_t N>
struct JsonKey {
  std::array<char, N + 2> quoted{};  // "key":

  consteval JsonKey(const char (&name)[N]) {
    quoted.front() = '"';
    std::copy_n(name, N - 1, quoted.begin() + 1);
    quoted[N] = '"';
    quoted[N + 1] = ':';
  }
};

// Pieces are gathered on the stack and leave for the string in one append. Every value is followed
// by a comma; close() turns the last one into the bracket, so no field needs to know whether it is
// the first.
class JsonWriter {
 public:
  explicit JsonWriter(std::string& out) : out_(out) {}
  JsonWriter(const JsonWriter&) = delete;
  JsonWriter& operator=(const JsonWriter&) = delete;
  ~JsonWriter() = default;

  void open_object() { put('{'); }
  void close_object() { close('}'); }
  void close_array() { close(']'); }

  template <JsonKey K>
  void object() {
    key<K>();
    put('{');
  }
  template <JsonKey K>
  void array() {
    key<K>();
    put('[');
  }

  template <JsonKey K>
  void number(std::integral auto value) {
    key<K>();
    decimal(value);
    put(',');
  }

  // Escaped: for what comes from outside.
  template <JsonKey K>
  void string(std::string_view value) {
    key<K>();
    element(value);
  }

  // As it is: for this program's own words, which are short.
  template <JsonKey K>
  void word(std::string_view value) {
    key<K>();
    put('"');
    std::memcpy(pos_, value.data(), value.size());
    pos_ += value.size();
    put('"');
    put(',');
  }

  template <JsonKey K>
  void boolean(bool value) {
    word_unquoted<K>(value ? "true" : "false");
  }

  // Present only when it says something.
  template <JsonKey K>
  void flag(bool value) {
    if (value) {
      boolean<K>(true);
    }
  }
  template <JsonKey K>
  void number_unless_zero(std::integral auto value) {
    if (value != 0) {
      number<K>(value);
    }
  }
  // Likewise, where the key is a name that a table has.
  void number_unless_zero(std::string_view key, std::uint64_t value);
  template <JsonKey K>
  void word_unless_empty(std::string_view value) {
    if (!value.empty()) {
      word<K>(value);
    }
  }
  template <JsonKey K>
  void string_unless_empty(std::string_view value) {
    if (!value.empty()) {
      string<K>(value);
    }
  }

  // Milliseconds to the microsecond; what runs backwards is 0.
  template <JsonKey K>
  void milliseconds(std::chrono::nanoseconds value) {
    thousandths<K>(static_cast<std::uint64_t>(std::max<std::int64_t>(value.count(), 0)) / 1000);
  }

  // 1234: 1.234
  template <JsonKey K>
  void thousandths(std::uint64_t value) {
    key<K>();
    decimal(value / 1000);
    put('.');
    fraction(value % 1000, 3);
    put(',');
  }

  // Three digits behind the point, up to 10^15; what is negative or no number is 0.
  template <JsonKey K>
  void real(double value) {
    constexpr double kMost = 1e15;
    const double bounded = value > 0 ? std::min(value, kMost) : 0;
    thousandths<K>(static_cast<std::uint64_t>(std::llround(bounded * 1000)));
  }

  // A quoted value of at most 64 bytes that needs no escaping: `write` gets the place and returns
  // the end.
  template <JsonKey K, typename Write>
  void written(Write write) {
    key<K>();
    put('"');
    pos_ = write(pos_);
    put('"');
    put(',');
  }

  // An element of an array.
  void element(std::string_view value);

  // Ends the record: the comma behind its last bracket becomes the end of the line.
  void end_line() {
    pos_[-1] = '\n';
    out_.append(buffer_.data(), pos_);
    pos_ = buffer_.data();
  }

 private:
  // What can be written after a key without asking for room: a number, word or `written` value and
  // brackets.
  static constexpr std::size_t kRoom = 128;

  template <JsonKey K>
  void key() {
    constexpr std::size_t kSize = K.quoted.size();
    reserve(kSize + kRoom);
    std::memcpy(pos_, K.quoted.data(), kSize);
    pos_ += kSize;
  }

  template <JsonKey K>
  void word_unquoted(std::string_view value) {
    key<K>();
    std::memcpy(pos_, value.data(), value.size());
    pos_ += value.size();
    put(',');
  }

  void put(char c) { *pos_++ = c; }

  void decimal(std::integral auto value) {
    if (value >= 0 && value < 10) {
      put(static_cast<char>('0' + value));
      return;
    }
    pos_ = std::to_chars(pos_, pos_ + 20, value).ptr;
  }

  void fraction(std::uint64_t value, int digits) {
    for (int i = digits; i-- > 0; value /= 10) {
      pos_[i] = static_cast<char>('0' + value % 10);
    }
    pos_ += digits;
  }

  void close(char bracket) {
    if (pos_[-1] == ',') {
      --pos_;
    }
    put(bracket);
    put(',');
  }

  void reserve(std::size_t size) {
    if (static_cast<std::size_t>(buffer_.data() + buffer_.size() - pos_) < size) {
      flush();
    }
  }

  // To the string with all but the last byte, which close() and end_line() may have to replace.
  void flush();

  std::string& out_;
  std::array<char, 4096> buffer_;
  char* pos_ = buffer_.data();
};

}  // namespace tcptrace::output
