// SPDX-License-Identifier: GPL-2.0
// Values of a JSON object that may be missing or of another type than expected. Private to report/.
#pragma once

#include <chrono>
#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <nlohmann/json.hpp>

#include "model/tuple.h"

namespace tcptrace::report {

using Json = nlohmann::json;

// Null: there is none.
[[nodiscard]] const Json* member(const Json& object, std::string_view key);
[[nodiscard]] std::string_view text(const Json& object, std::string_view key);
// What is kept of a text from outside: more than any of ours, and no more whatever is in a file.
inline constexpr std::size_t kLongestText = 4096;
[[nodiscard]] std::string_view within(std::string_view text, std::size_t bytes = kLongestText);
[[nodiscard]] bool flag(const Json& object, std::string_view key);
// The host that a record is of; empty: it does not say.
[[nodiscard]] std::string host_of(const Json& record);

// Empty: no such number, or none that T can hold.
template <std::integral T>
[[nodiscard]] std::optional<T> number(const Json& object, std::string_view key) {
  const Json* value = member(object, key);
  if (value == nullptr || !value->is_number_integer()) {
    return std::nullopt;
  }
  if (value->is_number_unsigned()) {
    const auto plain = value->get<std::uint64_t>();
    return std::in_range<T>(plain) ? std::optional(static_cast<T>(plain)) : std::nullopt;
  }
  const auto plain = value->get<std::int64_t>();
  return std::in_range<T>(plain) ? std::optional(static_cast<T>(plain)) : std::nullopt;
}
template <std::integral T>
[[nodiscard]] T number_or(const Json& object, std::string_view key, T otherwise) {
  return number<T>(object, key).value_or(otherwise);
}

// Of a member that counts milliseconds, whole ones or not; empty as well where it is out of range.
[[nodiscard]] std::optional<std::chrono::nanoseconds> milliseconds_of(const Json& object,
                                                                      std::string_view key);

// "2026-11-21T01:02:03.123456789Z", with any number of decimals: nanoseconds since 1970 UTC.
[[nodiscard]] std::optional<std::chrono::nanoseconds> parse_rfc3339(std::string_view text);

// "192.0.2.1", "2001:db8::1".
[[nodiscard]] std::optional<model::Address> parse_address(model::Family family,
                                                          std::string_view text);

// The value of an enum, numbered from 0, that name() calls so; empty: none, which a later version
// may have.
template <typename Enum, typename Name>
[[nodiscard]] std::optional<Enum> from_name(std::string_view wanted, const Name& name) {
  constexpr std::uint8_t kNone = 255;
  // What name() says of a number that is no value is the word for the first, or for none of them.
  const std::string_view none = name(static_cast<Enum>(kNone));
  for (std::uint8_t i = 0; i < kNone && !wanted.empty(); ++i) {
    if (name(static_cast<Enum>(i)) == wanted) {
      return wanted != none || i == 0 ? std::optional(static_cast<Enum>(i)) : std::nullopt;
    }
  }
  return std::nullopt;
}

}  // namespace tcptrace::report
