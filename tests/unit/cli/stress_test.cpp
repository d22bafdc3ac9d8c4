// SPDX-License-Identifier: GPL-2.0
// The command line of `stress`.
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/cli/fake_host.h"

namespace tcptrace::cli {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using Words = std::vector<std::string>;

StressOptions stress_of(Words words) {
  words.insert(words.begin(), "stress");
  words.emplace_back("localhost:80");
  return options_of<StressOptions>(words);
}

TEST(StressCommand, ByItselfConnectsAndClosesForTenSeconds) {
  const StressOptions options = stress_of({});
  EXPECT_EQ(options.load.target, (model::Target{.host = "localhost", .port = 80}));
  EXPECT_EQ(options.load.duration, 10s);
  EXPECT_EQ(options.load.work, model::LoadWork::kConnect);
  EXPECT_EQ(options.load.close, model::CloseStyle::kFin);
  EXPECT_FALSE(options.load.rate || options.load.total || options.load.connections ||
               options.load.threads || options.yes || options.quiet || options.json);
}

TEST(StressCommand, ATotalNeedsNoDuration) {
  EXPECT_EQ(stress_of({"-n", "5"}).load.duration, std::nullopt);
  const StressOptions both = stress_of({"-n", "5", "-d", "1m"});
  EXPECT_EQ(both.load.total, 5U);
  EXPECT_EQ(both.load.duration, 60s);
}

TEST(StressCommand, EveryOption) {
  const StressOptions options = stress_of({"-c",
                                           "3",
                                           "-r",
                                           "0.5",
                                           "-t2",
                                           "--http",
                                           "/a?b",
                                           "--requests",
                                           "7",
                                           "--hold",
                                           "2s",
                                           "--close",
                                           "half-close",
                                           "--connect-timeout",
                                           "1s",
                                           "--timeout",
                                           "2s",
                                           "-6",
                                           "--source",
                                           "::1,fd00::/120",
                                           "--keepalive",
                                           "60,10,5",
                                           "--user-timeout",
                                           "1500ms",
                                           "--nodelay",
                                           "-y",
                                           "-q",
                                           "-J",
                                           "-v",
                                           "-o",
                                           "out"});
  const model::LoadOptions& load = options.load;
  EXPECT_EQ(load.connections, 3U);
  EXPECT_EQ(load.rate, 0.5);
  EXPECT_EQ(load.threads, 2U);
  EXPECT_EQ(load.work, model::LoadWork::kHttp);
  EXPECT_EQ(load.path, "/a?b");
  EXPECT_EQ(load.requests, 7U);
  EXPECT_EQ(load.hold, 2s);
  EXPECT_EQ(load.close, model::CloseStyle::kHalfClose);
  EXPECT_EQ(load.connect_timeout, 1s);
  EXPECT_EQ(load.answer_timeout, 2s);
  EXPECT_EQ(load.family, model::Family::kIpv6);
  EXPECT_EQ(load.sources.size(), 2U);
  EXPECT_EQ(load.keepalive, (model::Keepalive{.idle_s = 60, .interval_s = 10, .count = 5}));
  EXPECT_EQ(load.user_timeout, 1500ms);
  EXPECT_TRUE(load.nodelay && options.yes && options.quiet && options.json && options.verbose);
  EXPECT_EQ(options.output, "out");
}

TEST(StressCommand, APayloadIsEchoed) {
  const StressOptions options = stress_of({"--payload", "64K"});
  EXPECT_EQ(options.load.work, model::LoadWork::kEcho);
  EXPECT_EQ(options.load.payload_bytes, 65'536U);
}

TEST(StressCommand, Rejections) {
  const std::vector<std::pair<Words, std::string>> rejected = {
      {{}, "stress: needs HOST:PORT; see tcptrace stress --help"},
      {{"h:1", "h:2"}, "unexpected argument \"h:2\"; there is one HOST:PORT"},
      {{"h:0"}, "stress: \"h:0\" has no port from 1 to 65535"},
      {{"h:70000"}, "stress: \"h:70000\" has no port from 1 to 65535"},
      {{"localhost"},
       "stress: \"localhost\" is not HOST:PORT; an IPv6 address goes in brackets: [::1]:80"},
      {{"h:1", "-c", "0"}, "--connections: \"0\" is not a number from 1 to 1048576"},
      {{"h:1", "-c", "9999999999"},
       "--connections: \"9999999999\" is not a number from 1 to 1048576"},
      {{"h:1", "-t", "1025"}, "--threads: \"1025\" is not a number from 1 to 1024"},
      {{"h:1", "-n", "-5"}, "--total: \"-5\" is not a number from 1 on"},
      {{"h:1", "-r", "0"}, "--rate: \"0\" is not a rate from 0.001 to 10000000"},
      {{"h:1", "-r", "nan"}, "--rate: \"nan\" is not a rate from 0.001 to 10000000"},
      {{"h:1", "-r", "1e3"}, "--rate: \"1e3\" is not a rate from 0.001 to 10000000"},
      {{"h:1", "-d", "0"}, "--duration: \"0\" is not longer than zero"},
      {{"h:1", "--hold", "x"}, "--hold: \"x\" is not a duration (10, 10s, 1.5m, 2h, 500ms)"},
      {{"h:1", "--http", "/", "--payload", "1"}, "--http and --payload exclude each other"},
      {{"h:1", "--requests", "2"}, "--requests: needs --http or --payload"},
      {{"h:1", "--http", "/", "--requests", "0"},
       "--requests: \"0\" is not a number from 1 to 4294967295"},
      {{"h:1", "--payload", "65M"}, "--payload: \"65M\" is not a size from 1 to 64M"},
      {{"h:1", "--http", "index.html"},
       "--http: \"index.html\" is not a path; it begins with a slash, and what is no ASCII is "
       "written as %XX"},
      {{"h:1", "--close", "fim"},
       "--close: \"fim\" is not one of fin, rst, half-close; did you mean fin?"},
      {{"h:1", "--keepalive", "60"},
       "--keepalive: \"60\" is not IDLE,INTERVAL,COUNT; such as 60,10,5"},
      {{"h:1", "--keepalive", "60,0,5"}, "--keepalive: \"0\" is not a number from 1 to 32767"},
      {{"h:1", "--keepalive", "60,1,128"}, "--keepalive: \"128\" is not a number from 1 to 127"},
      {{"h:1", "--user-timeout", "600h"}, "--user-timeout: \"600h\" is too long"},
      {{"h:1", "--source", "eth0"}, "--source: \"eth0\" is not an IPv4 or IPv6 address or prefix"},
      {{"h:1", "-46"}, "-4 and -6 exclude each other"},
  };
  for (auto [words, line] : rejected) {
    words.insert(words.begin(), "stress");
    EXPECT_EQ(rejection(words), "tcptrace: " + line + "\n");
  }
}

TEST(StressCommand, APathCannotSmuggleAHeader) {
  for (const char* path : {"/ HTTP/1.1", "/\r\nX: y", "/a\tb", "/\xc3\xa9"}) {
    EXPECT_THAT(rejection({"stress", "h:1", "--http", path}), HasSubstr("is not a path"));
  }
}

TEST(StressCommand, Help) {
  const std::string text = printed({"stress", "--help"});
  for (const char* part : {"Usage: tcptrace stress", "--rate", "--source", "Exit status:"}) {
    EXPECT_THAT(text, HasSubstr(part));
  }
}

}  // namespace
}  // namespace tcptrace::cli
