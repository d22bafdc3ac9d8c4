// SPDX-License-Identifier: GPL-2.0
// Escaping and numbers for people. Knows no project type. Addresses are in address_text.cpp.
#include "base/text.h"

#include <array>
#include <iterator>

#include <fmt/core.h>

namespace tcptrace {
namespace {

constexpr char kHex[] = "0123456789abcdef";

struct CodePoint {
  std::uint32_t value = 0;
  std::size_t length = 0;  // bytes; 0: no valid sequence starts here
};

// RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF.
CodePoint decode_utf8(std::string_view bytes) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) {
    return {lead, 1};
  }
  const std::size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || bytes.size() < length) {
    return {};
  }
  std::uint32_t value = lead & (0xffU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) {
      return {};
    }
    value = value << 6 | (byte(i) & 0x3f);
  }
  constexpr std::array<std::uint32_t, 5> kSmallest = {0, 0, 0x80, 0x800, 0x10000};
  if (value < kSmallest[length] || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff)) {
    return {};
  }
  return {value, length};
}

// A terminal obeys these instead of showing them; the bidirectional ones reorder the rest of the
// line.
bool steers_terminal(std::uint32_t code_point) {
  return code_point < 0x20 || (code_point >= 0x7f && code_point < 0xa0) ||
         (code_point >= 0x200e && code_point <= 0x200f) ||
         (code_point >= 0x2028 && code_point <= 0x202e) ||
         (code_point >= 0x2066 && code_point <= 0x2069);
}

void append_hex_escape(std::string& out, std::string_view prefix, char byte) {
  const auto value = static_cast<unsigned char>(byte);
  out += prefix;
  out += kHex[value >> 4];
  out += kHex[value & 15];
}

}  // namespace

void append_json_escaped(std::string& out, std::string_view bytes) {
  while (!bytes.empty()) {
    const char first = bytes.front();
    const CodePoint code_point = decode_utf8(bytes);
    if (code_point.length == 0) {
      out += "\xef\xbf\xbd";  // U+FFFD
    } else if (code_point.value < 0x20) {
      append_hex_escape(out, "\\u00", first);
    } else {
      if (first == '"' || first == '\\') {
        out += '\\';
      }
      out += bytes.substr(0, code_point.length);
    }
    bytes.remove_prefix(code_point.length == 0 ? 1 : code_point.length);
  }
}

void append_terminal_safe(std::string& out, std::string_view bytes) {
  while (!bytes.empty()) {
    const CodePoint code_point = decode_utf8(bytes);
    const std::string_view sequence =
        bytes.substr(0, code_point.length == 0 ? 1 : code_point.length);
    if (code_point.length == 0 || steers_terminal(code_point.value)) {
      for (const char byte : sequence) {
        append_hex_escape(out, "\\x", byte);
      }
    } else {
      out += sequence;
      if (sequence == "\\") {
        out += '\\';
      }
    }
    bytes.remove_prefix(sequence.size());
  }
}

std::string terminal_safe(std::string_view bytes) {
  std::string out;
  append_terminal_safe(out, bytes);
  return out;
}

std::size_t display_width(std::string_view utf8) {
  std::size_t width = 0;
  for (const char byte : utf8) {
    const bool continues = (static_cast<unsigned char>(byte) & 0xc0) == 0x80;
    width += continues ? 0 : 1;
  }
  return width;
}

std::string host_and_port(std::string_view host, std::uint16_t port) {
  return host.find(':') == host.npos ? fmt::format("{}:{}", host, port)
                                     : fmt::format("[{}]:{}", host, port);
}

std::string grouped(std::uint64_t count) {
  std::string digits = std::to_string(count);
  for (std::size_t i = digits.size(); i > 3;) {
    i -= 3;
    digits.insert(i, 1, ',');
  }
  return digits;
}

std::string counted(std::uint64_t count, std::string_view what) {
  return fmt::format("{} {}{}", grouped(count), what, count == 1 ? "" : "s");
}

std::string human_bytes(std::uint64_t bytes) {
  if (bytes < 1024) {
    return fmt::format("{} B", bytes);
  }
  constexpr std::array kUnits = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  // 1023.95 would round up to "1024.0".
  constexpr double kNextUnit = 1023.95;
  auto scaled = static_cast<double>(bytes) / 1024;
  std::size_t unit = 0;
  while (scaled >= kNextUnit && unit + 1 < kUnits.size()) {
    scaled /= 1024;
    ++unit;
  }
  return fmt::format("{:.1f} {}", scaled, kUnits[unit]);
}

std::string human_duration(std::chrono::nanoseconds duration) {
  using std::chrono::days;
  using std::chrono::duration_cast;
  using std::chrono::floor;
  using std::chrono::hours;
  using std::chrono::minutes;
  const std::int64_t ns = duration.count();
  if (ns < 0) {
    return "0 us";
  }
  // Each limit lies where rounding to one decimal would reach the next unit.
  if (ns < 999'500) {
    return fmt::format("{} us", (ns + 500) / 1'000);
  }
  if (ns < 999'950'000) {
    return fmt::format("{:.1f} ms", static_cast<double>(ns) / 1e6);
  }
  if (ns < 119'950'000'000) {
    return fmt::format("{:.1f} s", static_cast<double>(ns) / 1e9);
  }
  if (duration < hours(2)) {
    return fmt::format("{} min {} s", floor<minutes>(duration).count(),
                       duration_cast<std::chrono::seconds>(duration % minutes(1)).count());
  }
  if (duration < days(2)) {
    return fmt::format("{} h {} min", floor<hours>(duration).count(),
                       duration_cast<minutes>(duration % hours(1)).count());
  }
  return fmt::format("{} d {} h", floor<days>(duration).count(),
                     duration_cast<hours>(duration % days(1)).count());
}

}  // namespace tcptrace
