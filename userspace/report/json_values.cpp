// SPDX-License-Identifier: GPL-2.0
#include "report/json_values.h"

#include <arpa/inet.h>

#include <charconv>
#include <cmath>

namespace tcptrace::report {
namespace {

// The digits at the beginning of `text`, which are taken off.
template <typename T>
std::optional<T> take_digits(std::string_view& text, std::size_t digits) {
  T value{};
  const char* const end = text.data() + std::min(digits, text.size());
  const auto [stop, failure] = std::from_chars(text.data(), end, value);
  if (failure != std::errc() || stop != end || text.size() < digits || text.front() == '-') {
    return std::nullopt;
  }
  text.remove_prefix(digits);
  return value;
}

bool take_char(std::string_view& text, char wanted) {
  if (!text.starts_with(wanted)) {
    return false;
  }
  text.remove_prefix(1);
  return true;
}

std::optional<std::chrono::nanoseconds> take_date(std::string_view& text) {
  const auto year = take_digits<int>(text, 4);
  const bool first_dash = take_char(text, '-');
  const auto month = take_digits<unsigned>(text, 2);
  const bool second_dash = take_char(text, '-');
  const auto day = take_digits<unsigned>(text, 2);
  if (!year || !month || !day || !first_dash || !second_dash) {
    return std::nullopt;
  }
  const std::chrono::year_month_day date{std::chrono::year(*year), std::chrono::month(*month),
                                         std::chrono::day(*day)};
  // Nanoseconds in 64 bits reach from 1677 to 2262: the difference of any two of these fits too,
  // and what lies a measured length of time before or behind.
  if (!date.ok() || *year < 1970 || *year > 2150) {
    return std::nullopt;
  }
  return std::chrono::sys_days(date).time_since_epoch();
}

// ".123456789", or nothing.
std::optional<std::chrono::nanoseconds> take_fraction(std::string_view& text) {
  std::int64_t nanoseconds = 0;
  if (!take_char(text, '.')) {
    return std::chrono::nanoseconds(0);
  }
  std::size_t digits = 0;
  while (digits < 9 && !text.empty() && text.front() >= '0' && text.front() <= '9') {
    nanoseconds = nanoseconds * 10 + (text.front() - '0');
    text.remove_prefix(1);
    ++digits;
  }
  if (digits == 0) {
    return std::nullopt;
  }
  for (; digits < 9; ++digits) {
    nanoseconds *= 10;
  }
  return std::chrono::nanoseconds(nanoseconds);
}

}  // namespace

const Json* member(const Json& object, std::string_view key) {
  if (!object.is_object()) {
    return nullptr;
  }
  const auto found = object.find(key);
  return found == object.end() ? nullptr : &*found;
}

std::string_view text(const Json& object, std::string_view key) {
  const Json* value = member(object, key);
  return value != nullptr && value->is_string() ? within(value->get_ref<const std::string&>())
                                                : std::string_view();
}

std::string_view within(std::string_view text, std::size_t bytes) {
  if (text.size() <= bytes) {
    return text;
  }
  // Not within a character of UTF-8.
  const auto continues = [](char c) { return (static_cast<unsigned char>(c) & 0xc0U) == 0x80U; };
  while (bytes > 0 && continues(text[bytes])) {
    --bytes;
  }
  return text.substr(0, bytes);
}

std::string host_of(const Json& record) {
  constexpr std::size_t kLongestHost = 255;
  return std::string(within(text(record, "host"), kLongestHost));
}

bool flag(const Json& object, std::string_view key) {
  const Json* value = member(object, key);
  return value != nullptr && value->is_boolean() && value->get<bool>();
}

std::optional<std::chrono::nanoseconds> milliseconds_of(const Json& object, std::string_view key) {
  // Thirty years: what is longer is no length of time that was measured.
  constexpr double kMost = 30 * 365.25 * 24 * 3600 * 1e3;
  const Json* value = member(object, key);
  if (value == nullptr || !value->is_number()) {
    return std::nullopt;
  }
  const auto milliseconds = value->get<double>();
  if (!(std::abs(milliseconds) <= kMost)) {
    return std::nullopt;
  }
  return std::chrono::nanoseconds(std::llround(milliseconds * 1e6));
}

std::optional<std::chrono::nanoseconds> parse_rfc3339(std::string_view text) {
  const auto date = take_date(text);
  const bool at = take_char(text, 'T');
  const auto hours = take_digits<unsigned>(text, 2);
  const bool first_colon = take_char(text, ':');
  const auto minutes = take_digits<unsigned>(text, 2);
  const bool second_colon = take_char(text, ':');
  const auto seconds = take_digits<unsigned>(text, 2);
  const auto fraction = take_fraction(text);
  if (!date || !at || !hours || !first_colon || !minutes || !second_colon || !seconds ||
      !fraction || text != "Z" || *hours > 23 || *minutes > 59 || *seconds > 60) {
    return std::nullopt;
  }
  return *date + std::chrono::hours(*hours) + std::chrono::minutes(*minutes) +
         std::chrono::seconds(*seconds) + *fraction;
}

std::optional<model::Address> parse_address(model::Family family, std::string_view text) {
  model::Address address;
  const int known = ::inet_pton(family == model::Family::kIpv4 ? AF_INET : AF_INET6,
                                std::string(text).c_str(), address.bytes.data());
  return known == 1 ? std::optional(address) : std::nullopt;
}

}  // namespace tcptrace::report
