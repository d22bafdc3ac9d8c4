// SPDX-License-Identifier: GPL-2.0
#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/parse_suggest.h"
#include "cli/parse_values.h"

namespace tcptrace::cli {
namespace {

using std::chrono::nanoseconds;
using testing::ElementsAre;

model::Prefix prefix(model::Family family, std::vector<std::uint8_t> bytes, unsigned length) {
  model::Prefix result;
  result.family = family;
  std::copy(bytes.begin(), bytes.end(), result.address.bytes.begin());
  result.length = static_cast<std::uint8_t>(length);
  return result;
}

TEST(ParseDuration, UnitsAndFractions) {
  const std::vector<std::pair<std::string_view, nanoseconds>> cases{
      {"10", std::chrono::seconds(10)},          {"10s", std::chrono::seconds(10)},
      {"1.5m", std::chrono::seconds(90)},        {"2h", std::chrono::hours(2)},
      {"500ms", std::chrono::milliseconds(500)}, {"0.25", std::chrono::milliseconds(250)},
      {".5s", std::chrono::milliseconds(500)},   {"8760h", std::chrono::hours(8760)}};
  for (const auto& [text, expected] : cases) {
    const auto duration = parse_duration(text);
    ASSERT_TRUE(duration) << text;
    EXPECT_EQ(*duration, expected) << text;
  }
}

TEST(ParseDuration, RejectsWhatIsNone) {
  for (const std::string_view text :
       {"", "s", ".", "1..5", "1.5.2s", "-1", "+1", "1 s", "1d", "1S", "inf", "nan", "0x10", "1e3",
        "0", "0.0ms", "0.0000000001", "99999999999999999999h", "999999999h"}) {
    EXPECT_FALSE(parse_duration(text)) << text;
  }
}

TEST(ParsePorts, NumberOrRange) {
  EXPECT_EQ(parse_ports("443", model::PortSide::kLocal),
            (model::PortRange{443, 443, model::PortSide::kLocal}));
  EXPECT_EQ(parse_ports("1-65535", model::PortSide::kPeer),
            (model::PortRange{1, 65535, model::PortSide::kPeer}));
  EXPECT_EQ(parse_ports("8-8", model::PortSide::kEither),
            (model::PortRange{8, 8, model::PortSide::kEither}));
}

TEST(ParsePorts, RejectsWhatIsNone) {
  for (const std::string_view text : {"", "0", "65536", "-1", "1-", "-", "1-2-3", "80-70", "0-5",
                                      "1-70000", " 80", "80 ", "http", "+80", "8e1"}) {
    EXPECT_FALSE(parse_ports(text, model::PortSide::kEither)) << text;
  }
  EXPECT_EQ(parse_ports("80-70", model::PortSide::kEither).error().hint, "did you mean 70-80?");
}

TEST(ParsePrefix, BothFamilies) {
  using enum model::Family;
  EXPECT_EQ(parse_prefix("10.0.0.0/8"), prefix(kIpv4, {10}, 8));
  EXPECT_EQ(parse_prefix("192.0.2.7"), prefix(kIpv4, {192, 0, 2, 7}, 32));
  EXPECT_EQ(parse_prefix("0.0.0.0/0"), prefix(kIpv4, {}, 0));
  EXPECT_EQ(parse_prefix("2001:db8::/33"), prefix(kIpv6, {0x20, 0x01, 0x0d, 0xb8}, 33));
  EXPECT_EQ(parse_prefix("fe80::/10"), prefix(kIpv6, {0xfe, 0x80}, 10));
  EXPECT_EQ(parse_prefix("[ff00::]/8"), prefix(kIpv6, {0xff}, 8));
  EXPECT_EQ(parse_prefix("::/0"), prefix(kIpv6, {}, 0));
}

TEST(ParsePrefix, V4MappedIsIpv4) {
  using enum model::Family;
  EXPECT_EQ(parse_prefix("::ffff:192.0.2.7"), prefix(kIpv4, {192, 0, 2, 7}, 32));
  EXPECT_EQ(parse_prefix("::ffff:10.0.0.0/104"), prefix(kIpv4, {10}, 8));
  EXPECT_EQ(parse_prefix("::ffff:0:0/96"), prefix(kIpv4, {}, 0));
  // A block that merely contains the mapped addresses is IPv6's.
  EXPECT_EQ(parse_prefix("::/64"), prefix(kIpv6, {}, 64));
}

TEST(ParsePrefix, HostBitsAreCorrected) {
  EXPECT_EQ(parse_prefix("10.1.2.3/8").error().hint, "did you mean 10.0.0.0/8?");
  EXPECT_EQ(parse_prefix("192.0.2.255/31").error().hint, "did you mean 192.0.2.254/31?");
  EXPECT_EQ(parse_prefix("2001:db8::1/32").error().hint, "did you mean 2001:db8::/32?");
  EXPECT_EQ(parse_prefix("1.2.3.4/0").error().hint, "did you mean 0.0.0.0/0?");
}

TEST(ParsePrefix, RejectsWhatIsNone) {
  using std::string_view_literals::operator""sv;
  for (const std::string_view text :
       {""sv, "/8"sv, "10.0.0.0/"sv, "10.0.0.0/33"sv, "::/129"sv, "10.0.0.0/-1"sv, "10.0.0.0/8/8"sv,
        "10.0.0"sv, "10.0.0.0.0"sv, "010.0.0.1"sv, "256.0.0.1"sv, "host"sv, "fe80::1%eth0"sv,
        "[]"sv, "[::1"sv, "10.0.0.1\0x"sv, "10.0.0.0/255.0.0.0"sv}) {
    EXPECT_FALSE(parse_prefix(text)) << text;
  }
}

TEST(ParsePowerOfTwo, SuffixesAndBounds) {
  const auto ring = [](std::string_view text) {
    return parse_power_of_two(text, 64U << 10, 1U << 30);
  };
  EXPECT_EQ(ring("64K"), 64U << 10);
  EXPECT_EQ(ring("65536"), 64U << 10);
  EXPECT_EQ(ring("8m"), 8U << 20);
  EXPECT_EQ(ring("1G"), 1U << 30);
  for (const std::string_view text : {"", "K", "0", "32K", "2G", "4294967296G",
                                      "18446744073709551615K", "3M", "-1M", "1.5M", "8MB"}) {
    EXPECT_FALSE(ring(text)) << text;
  }
  EXPECT_EQ(ring("600M").error().hint, "did you mean 1G?");
}

TEST(ParseCount, FromOneOn) {
  EXPECT_EQ(parse_count("18446744073709551615"), UINT64_MAX);
  for (const std::string_view text : {"", "0", "-1", "1K", "18446744073709551616", "1.0"}) {
    EXPECT_FALSE(parse_count(text)) << text;
  }
}

TEST(ParsePid, WithinTheKernelsRange) {
  EXPECT_EQ(parse_pid("4194304"), 4194304U);
  for (const std::string_view text : {"", "0", "-1", "4194305", "self", "0x1", "4294967297"}) {
    EXPECT_FALSE(parse_pid(text)) << text;
  }
}

TEST(ParseComm, AsLongAsTheKernelKeepsIt) {
  EXPECT_EQ(parse_comm("123456789012345"), "123456789012345");
  EXPECT_EQ(parse_comm("1234567890123456").error().hint, "did you mean \"123456789012345\"?");
  EXPECT_FALSE(parse_comm(""));
}

TEST(ParseTarget, HostsAndPorts) {
  EXPECT_EQ(parse_target("example.com:443"), (model::Target{"example.com", 443}));
  EXPECT_EQ(parse_target("192.0.2.1:1"), (model::Target{"192.0.2.1", 1}));
  EXPECT_EQ(parse_target("[2001:db8::1]:65535"), (model::Target{"2001:db8::1", 65535}));
}

TEST(ParseTarget, WhatIsNoHostAndPort) {
  for (const char* text : {"", ":", "host", "host:", ":80", "[]:80", "::1:80", "[::1]", "[::1:80",
                           "http://host:80", "host:0", "host:65536", "host:-1", "host:80x"}) {
    const auto target = parse_target(text);
    ASSERT_FALSE(target) << text;
    EXPECT_EQ(target.error().status, ExitStatus::kUsage) << text;
  }
  EXPECT_EQ(parse_target("::1:80").error().hint, "an IPv6 address goes in brackets: [::1]:80");
}

TEST(SplitList, EmptyItemsAreItems) {
  EXPECT_THAT(split_list("80,443"), ElementsAre("80", "443"));
  EXPECT_THAT(split_list(""), ElementsAre(""));
  EXPECT_THAT(split_list(",1,"), ElementsAre("", "1", ""));
}

TEST(DidYouMean, FindsTheNearestOrNothing) {
  const std::vector<std::string> names{"--port", "--pid", "--duration", "--remoteport"};
  EXPECT_EQ(did_you_mean("--prot", names), "did you mean --port?");
  EXPECT_EQ(did_you_mean("--pids", names), "did you mean --pid?");
  EXPECT_EQ(did_you_mean("--remote-port", names), "did you mean --remoteport?");
  EXPECT_EQ(did_you_mean("--dur", names), "did you mean --duration?");
  EXPECT_EQ(did_you_mean("-pid", names), "did you mean --pid?");
  EXPECT_EQ(did_you_mean("--frobnicate", names), "");
  EXPECT_EQ(did_you_mean("", names), "");
}

}  // namespace
}  // namespace tcptrace::cli
