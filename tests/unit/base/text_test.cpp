// SPDX-License-Identifier: GPL-2.0
// Escaping, numbers for people and addresses.
#include "base/text.h"

#include <arpa/inet.h>

#include <array>
#include <limits>
#include <random>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace tcptrace {
namespace {

using namespace std::chrono_literals;
using namespace std::string_view_literals;

std::string json_escaped(std::string_view bytes) {
  std::string out;
  append_json_escaped(out, bytes);
  return out;
}

std::string ipv6(const char* text) {
  std::array<std::uint8_t, 16> bytes{};
  EXPECT_EQ(1, ::inet_pton(AF_INET6, text, bytes.data())) << text;
  std::string out;
  append_address(out, std::span<const std::uint8_t, 16>(bytes));
  return out;
}

std::string ipv4(const std::array<std::uint8_t, 4>& bytes) {
  std::string out;
  append_address(out, std::span<const std::uint8_t, 4>(bytes));
  return out;
}

TEST(JsonEscape, QuotesBackslashesAndControlCharacters) {
  EXPECT_EQ(R"(a\"b\\c\u000a\u001b\u0000)", json_escaped("a\"b\\c\n\x1b\0"sv));
}

TEST(JsonEscape, ValidUtf8StaysAsItIs) { EXPECT_EQ("né€𝄞", json_escaped("né€𝄞")); }

TEST(JsonEscape, EveryInvalidByteBecomesTheReplacementCharacter) {
  EXPECT_EQ("\ufffd", json_escaped("\xff"));
  EXPECT_EQ("a\ufffdb", json_escaped("a\xc3"
                                     "b"));                                 // cut off
  EXPECT_EQ("\ufffd\ufffd", json_escaped("\xc0\xaf"));                      // overlong '/'
  EXPECT_EQ("\ufffd\ufffd\ufffd", json_escaped("\xed\xa0\x80"));            // a surrogate
  EXPECT_EQ("\ufffd\ufffd\ufffd\ufffd", json_escaped("\xf4\x90\x80\x80"));  // above U+10FFFF
  EXPECT_EQ("\ufffd\ufffd", json_escaped("\xe2\x82"));                      // ends in the middle
}

TEST(JsonEscape, AnyBytesMakeAValidJsonString) {
  std::mt19937 random(1);
  std::uniform_int_distribution<int> byte(0, 255);
  for (int round = 0; round < 2000; ++round) {
    std::string bytes(15, '\0');
    for (char& c : bytes) {
      c = static_cast<char>(byte(random));
    }
    EXPECT_TRUE(nlohmann::json::accept('"' + json_escaped(bytes) + '"')) << json_escaped(bytes);
  }
}

TEST(TerminalSafe, ControlCharactersAreShownNotObeyed) {
  EXPECT_EQ(R"(\x1b[31mred\x0a)", terminal_safe("\x1b[31mred\n"));
  EXPECT_EQ(R"(\x7f)", terminal_safe("\x7f"));
  EXPECT_EQ(R"(\xc2\x9b2J)", terminal_safe("\xc2\x9b"
                                           "2J"));  // C1 control sequence introducer
}

TEST(TerminalSafe, BidirectionalOverridesAreShownNotObeyed) {
  EXPECT_EQ(R"(\xe2\x80\xaeabc)",
            terminal_safe(std::string{'\xe2', '\x80', '\xae', 'a', 'b', 'c'}));
}

TEST(TerminalSafe, InvalidUtf8IsShownByteByByte) {
  EXPECT_EQ(R"(\xff\xfe)", terminal_safe("\xff\xfe"));
}

TEST(TerminalSafe, ABackslashCannotImitateAnEscape) {
  EXPECT_EQ(R"(\\x1b)", terminal_safe(R"(\x1b)"));
}

TEST(TerminalSafe, PrintableTextStaysAsItIs) {
  EXPECT_EQ("tmux: sérvér", terminal_safe("tmux: sérvér"));
}

TEST(DisplayWidth, CountsCodePoints) {
  EXPECT_EQ(0U, display_width(""));
  EXPECT_EQ(3U, display_width("é€𝄞"));
}

TEST(AddressText, Ipv4) {
  EXPECT_EQ("0.0.0.0", ipv4({0, 0, 0, 0}));
  EXPECT_EQ("10.0.0.5", ipv4({10, 0, 0, 5}));
  EXPECT_EQ("255.255.255.255", ipv4({255, 255, 255, 255}));
}

TEST(AddressText, Ipv6AsInRfc5952) {
  EXPECT_EQ("::", ipv6("::"));
  EXPECT_EQ("::1", ipv6("0:0:0:0:0:0:0:1"));
  EXPECT_EQ("2001:db8::", ipv6("2001:0db8::"));
  EXPECT_EQ("2001:db8::1", ipv6("2001:0db8:0:0:0:0:0:1"));
  EXPECT_EQ("2001:db8:0:1:1:1:1:1", ipv6("2001:db8:0:1:1:1:1:1"));  // one group is not shortened
  EXPECT_EQ("2001:0:0:1::1", ipv6("2001:0:0:1:0:0:0:1"));           // the longest run is
  EXPECT_EQ("2001:db8::1:0:0:1", ipv6("2001:db8:0:0:1:0:0:1"));     // the first of equals is
  EXPECT_EQ("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
            ipv6("FFFF:FFFF:FFFF:FFFF:FFFF:FFFF:FFFF:FFFF"));
  EXPECT_EQ("::ffff:192.0.2.1", ipv6("::ffff:c000:201"));
}

TEST(AddressText, Ipv6AgreesWithInetNtop) {
  std::mt19937 random(1);
  std::uniform_int_distribution<int> byte(1, 255);
  std::bernoulli_distribution zero(0.6);
  for (int round = 0; round < 5000; ++round) {
    // The first byte is never zero: libc writes deprecated IPv4-compatible addresses in dotted
    // form.
    std::array<std::uint8_t, 16> bytes{static_cast<std::uint8_t>(byte(random))};
    for (std::size_t i = 2; i < bytes.size(); i += 2) {
      const bool empty = zero(random);
      bytes[i] = static_cast<std::uint8_t>(empty ? 0 : byte(random));
      bytes[i + 1] = static_cast<std::uint8_t>(empty ? 0 : byte(random));
    }
    std::array<char, INET6_ADDRSTRLEN> expected{};
    ASSERT_NE(nullptr, ::inet_ntop(AF_INET6, bytes.data(), expected.data(), expected.size()));
    std::string actual;
    append_address(actual, std::span<const std::uint8_t, 16>(bytes));
    EXPECT_EQ(expected.data(), actual);
  }
}

TEST(AddressText, BracketsKeepAPortApartFromColons) {
  EXPECT_EQ("192.0.2.1:80", host_and_port("192.0.2.1", 80));
  EXPECT_EQ("[2001:db8::1]:80", host_and_port("2001:db8::1", 80));
  EXPECT_EQ("example.com:65535", host_and_port("example.com", 65535));
}

TEST(Numbers, GroupedByThousands) {
  EXPECT_EQ("0", grouped(0));
  EXPECT_EQ("999", grouped(999));
  EXPECT_EQ("1,000", grouped(1000));
  EXPECT_EQ("18,446,744,073,709,551,615", grouped(std::numeric_limits<std::uint64_t>::max()));
}

TEST(Numbers, CountedInThePluralUnlessOne) {
  EXPECT_EQ("0 sockets", counted(0, "socket"));
  EXPECT_EQ("1 socket", counted(1, "socket"));
  EXPECT_EQ("1,000 sockets", counted(1000, "socket"));
}

TEST(Numbers, Bytes) {
  EXPECT_EQ("0 B", human_bytes(0));
  EXPECT_EQ("1023 B", human_bytes(1023));
  EXPECT_EQ("1.0 KiB", human_bytes(1024));
  EXPECT_EQ("1.0 MiB", human_bytes(1024 * 1024 - 1));
  EXPECT_EQ("16.0 EiB", human_bytes(std::numeric_limits<std::uint64_t>::max()));
}

TEST(Numbers, Durations) {
  EXPECT_EQ("0 us", human_duration(0ns));
  EXPECT_EQ("0 us", human_duration(-5s));
  EXPECT_EQ("250 us", human_duration(250us));
  EXPECT_EQ("1.0 ms", human_duration(999'999ns));
  EXPECT_EQ("12.5 ms", human_duration(12'500us));
  EXPECT_EQ("1.0 s", human_duration(999'999us));
  EXPECT_EQ("61.2 s", human_duration(61'200ms));
  EXPECT_EQ("2 min 0 s", human_duration(119'990ms + 10ms));
  EXPECT_EQ("2 h 5 min", human_duration(2h + 5min + 59s));
  EXPECT_EQ("3 d 4 h", human_duration(76h));
  EXPECT_EQ("106751 d 23 h", human_duration(std::chrono::nanoseconds::max()));
}

}  // namespace
}  // namespace tcptrace
