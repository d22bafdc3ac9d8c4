// SPDX-License-Identifier: GPL-2.0
#include "stress/http_text.h"

#include <strings.h>

#include <algorithm>
#include <charconv>
#include <system_error>

#include <fmt/core.h>

#include "base/text.h"

namespace tcptrace::stress {

std::string http_get(const model::Target& target, std::string_view path, bool last) {
  return fmt::format("GET {} HTTP/1.1\r\nHost: {}\r\nUser-Agent: tcptrace\r\n{}\r\n", path,
                     host_and_port(target.host, target.port), last ? "Connection: close\r\n" : "");
}

bool same_token(std::string_view token, std::string_view other) {
  return token.size() == other.size() &&
         ::strncasecmp(token.data(), other.data(), other.size()) == 0;
}

std::string_view without_ows(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) {
    return {};
  }
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

bool has_member(std::string_view field_value, std::string_view token) {
  while (!field_value.empty()) {
    const std::size_t comma = std::min(field_value.find(','), field_value.size());
    if (same_token(without_ows(field_value.substr(0, comma)), token)) {
      return true;
    }
    field_value.remove_prefix(std::min(comma + 1, field_value.size()));
  }
  return false;
}

std::optional<std::uint64_t> whole_number(std::string_view text, int base) {
  std::uint64_t value = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, failure] = std::from_chars(text.data(), end, value, base);
  return text.empty() || failure != std::errc() || stop != end ? std::nullopt
                                                               : std::optional(value);
}

}  // namespace tcptrace::stress
