// SPDX-License-Identifier: GPL-2.0
// The command line of `probe`.
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/cli/fake_host.h"

namespace tcptrace::cli {
namespace {

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace): literals only
using testing::HasSubstr;
using Words = std::vector<std::string>;

model::ProbeConfig probe_of(Words words) {
  words.insert(words.begin(), "probe");
  return options_of<ProbeOptions>(words).probe;
}

TEST(ProbeCommand, TenConnectsOneASecond) {
  const model::ProbeConfig probe = probe_of({"db:5432"});
  EXPECT_EQ(probe.target, (model::Target{.host = "db", .port = 5432}));
  EXPECT_EQ(probe.count, 10U);
  EXPECT_EQ(probe.interval, 1s);
  EXPECT_EQ(probe.timeout, 5s);
  EXPECT_FALSE(probe.family || probe.first_byte || probe.resolve_each || probe.all_addresses);
}

TEST(ProbeCommand, EveryOptionHasItsPlace) {
  const model::ProbeConfig probe =
      probe_of({"-c", "0", "-i", "100ms", "--timeout", "2s", "-6", "--resolve-each",
                "--all-addresses", "--first-byte", "[::1]:80"});
  EXPECT_EQ(probe.count, 0U);
  EXPECT_EQ(probe.interval, 100ms);
  EXPECT_EQ(probe.timeout, 2s);
  EXPECT_EQ(probe.family, model::Family::kIpv6);
  EXPECT_TRUE(probe.resolve_each && probe.all_addresses && probe.first_byte);
  EXPECT_EQ(probe.request, "");
}

TEST(ProbeCommand, WhatIsSentMayHaveEscapes) {
  const model::ProbeConfig probe = probe_of({"--send", R"(PING\r\n\t\\\x00\xfFx)", "db:6379"});
  EXPECT_EQ(probe.request, std::string("PING\r\n\t\\\0\xffx", 11));
  EXPECT_TRUE(probe.first_byte);
}

TEST(ProbeCommand, AnHttpRequestNamesItsHost) {
  const model::ProbeConfig probe = probe_of({"--http", "/health?x=1", "[::1]:8080"});
  EXPECT_EQ(probe.request,
            "GET /health?x=1 HTTP/1.1\r\nHost: [::1]:8080\r\nUser-Agent: tcptrace\r\n"
            "Connection: close\r\n\r\n");
  EXPECT_TRUE(probe.first_byte);
}

TEST(ProbeCommand, Rejections) {
  EXPECT_EQ(rejection({"probe"}), "tcptrace: probe: needs a target; give HOST:PORT\n");
  EXPECT_EQ(rejection({"probe", "a:1", "b:2"}),
            "tcptrace: probe: takes one target; give HOST:PORT\n");
  EXPECT_EQ(rejection({"probe", "a:0"}), "tcptrace: probe: \"a:0\" has no port from 1 to 65535\n");
  EXPECT_EQ(rejection({"probe", "-46", "a:1"}), "tcptrace: -4 and -6 exclude each other\n");
  EXPECT_EQ(rejection({"probe", "-c", "-1", "a:1"}),
            "tcptrace: --count: \"-1\" is not a number from 1 on\n");
  EXPECT_EQ(rejection({"probe", "-i", "0", "a:1"}),
            "tcptrace: --interval: \"0\" is not longer than zero\n");
  EXPECT_EQ(rejection({"probe", "--http", "/", "--send", "x", "a:1"}),
            "tcptrace: --send and --http exclude each other\n");
  EXPECT_THAT(rejection({"probe", "--http", "x", "a:1"}), HasSubstr("--http: \"x\" is not a path"));
  EXPECT_THAT(rejection({"probe", "--send", "", "a:1"}), HasSubstr("nothing to send"));
  for (const char* text : {R"(\q)", R"(\)", R"(\x1)", R"(\xgg)"}) {
    EXPECT_THAT(rejection({"probe", "--send", text, "a:1"}), HasSubstr("has a backslash before"))
        << text;
  }
}

}  // namespace
}  // namespace tcptrace::cli
