// SPDX-License-Identifier: GPL-2.0
// The address blocks of --addr.
#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <span>
#include <string>
#include <system_error>

#include <fmt/core.h>

#include "base/text.h"
#include "cli/parse_values.h"

namespace tcptrace::cli {
namespace {

constexpr unsigned bits_of(model::Family family) {
  return family == model::Family::kIpv4 ? 32 : 128;
}

std::optional<model::Prefix> parse_address(const std::string& text) {
  model::Prefix prefix;
  if (inet_pton(AF_INET, text.c_str(), prefix.address.bytes.data()) == 1) {
    prefix.family = model::Family::kIpv4;
  } else if (inet_pton(AF_INET6, text.c_str(), prefix.address.bytes.data()) == 1) {
    prefix.family = model::Family::kIpv6;
  } else {
    return std::nullopt;
  }
  return prefix;
}

std::string address_of(const model::Prefix& prefix) {
  const std::span bytes(prefix.address.bytes);
  std::string text;
  if (prefix.family == model::Family::kIpv4) {
    append_address(text, bytes.first<4>());
  } else {
    append_address(text, bytes);
  }
  return text;
}

std::string format_prefix(const model::Prefix& prefix) {
  return fmt::format("{}/{}", address_of(prefix), prefix.length);
}

model::Address masked(const model::Address& address, unsigned length) {
  model::Address result = address;
  for (unsigned i = 0; i < result.bytes.size(); ++i) {
    const unsigned kept = std::clamp(length, i * 8, i * 8 + 8) - i * 8;
    result.bytes[i] = static_cast<std::uint8_t>(result.bytes[i] & (0xff00U >> kept));
  }
  return result;
}

// ::ffff:0:0/96 and what is inside it. The kernel side sees such connections as IPv4.
void unmap(model::Prefix& prefix) {
  static constexpr std::array<std::uint8_t, 12> kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  auto& bytes = prefix.address.bytes;
  if (prefix.family == model::Family::kIpv4 || prefix.length < 96 ||
      !std::equal(kMapped.begin(), kMapped.end(), bytes.begin())) {
    return;
  }
  std::rotate(bytes.begin(), bytes.begin() + kMapped.size(), bytes.end());
  std::fill(bytes.begin() + 4, bytes.end(), std::uint8_t{0});
  prefix.family = model::Family::kIpv4;
  prefix.length = static_cast<std::uint8_t>(prefix.length - 96);
}

}  // namespace

Result<model::Prefix> parse_prefix(std::string_view text) {
  const std::size_t slash = std::min(text.find('/'), text.size());
  std::string_view host = text.substr(0, slash);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  }
  auto prefix = parse_address(std::string(host));
  if (!prefix || host.find('\0') != std::string_view::npos) {
    return reject(text, "is not an IPv4 or IPv6 address or prefix");
  }
  unsigned length = bits_of(prefix->family);
  if (slash < text.size()) {
    const std::string_view digits = text.substr(slash + 1);
    const char* const end = digits.data() + digits.size();
    unsigned given = 0;
    const auto [stop, failure] = std::from_chars(digits.data(), end, given);
    if (digits.empty() || failure != std::errc() || stop != end || given > length) {
      return reject(text, fmt::format("needs a prefix length from 0 to {}", length));
    }
    length = given;
  }
  prefix->length = static_cast<std::uint8_t>(length);
  const model::Address network = masked(prefix->address, length);
  const bool host_bits = network != prefix->address;
  prefix->address = network;
  if (host_bits) {
    return reject(text, "has bits set beyond its prefix length",
                  fmt::format("did you mean {}?", format_prefix(*prefix)));
  }
  unmap(*prefix);
  return *prefix;
}

std::string canonical_address(std::string_view text) {
  const auto prefix = parse_prefix(text);
  return prefix && text.find('/') == text.npos ? address_of(*prefix) : std::string();
}

}  // namespace tcptrace::cli
