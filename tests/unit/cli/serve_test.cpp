// SPDX-License-Identifier: GPL-2.0
// The command line of `serve`.
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/cli/fake_host.h"

namespace tcptrace::cli {
namespace {

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace): literals only
using testing::HasSubstr;
using testing::StartsWith;
using Words = std::vector<std::string>;

ServeOptions serve_of(Words words) {
  words.insert(words.begin(), "serve");
  return options_of<ServeOptions>(words);
}

TEST(ServeCommand, APortIsAllAddresses) {
  for (const char* text : {"8080", ":8080"}) {
    const ServeOptions options = serve_of({text});
    EXPECT_EQ(options.server.host, "") << text;
    EXPECT_EQ(options.server.port, 8080) << text;
  }
}

TEST(ServeCommand, AddressesAndNames) {
  EXPECT_EQ(serve_of({"192.0.2.1:80"}).server.host, "192.0.2.1");
  EXPECT_EQ(serve_of({"[::1]:80"}).server.host, "::1");
  EXPECT_EQ(serve_of({"localhost:80"}).server.port, 80);
}

TEST(ServeCommand, PortZeroIsAny) {
  for (const char* text : {"0", ":0", "00", "[::1]:0", "localhost:0"}) {
    EXPECT_EQ(serve_of({text}).server.port, 0) << text;
  }
  EXPECT_EQ(serve_of({"[::1]:0"}).server.host, "::1");
}

TEST(ServeCommand, WithoutOptionsItEchoesAndHasNoFaults) {
  const ServeOptions options = serve_of({"80"});
  EXPECT_EQ(options.server.mode, model::ServeMode::kEcho);
  EXPECT_EQ(options.server.threads, 1U);
  EXPECT_FALSE(options.server.accept_delay || options.server.idle_timeout ||
               options.server.respond_delay || options.server.close_unread ||
               options.server.linger0 || options.server.half_open || options.json);
  EXPECT_EQ(options.server.read_rate, 0U);
  EXPECT_EQ(options.server.fail_rate, 0);
}

TEST(ServeCommand, EveryOptionHasItsPlace) {
  const ServeOptions options = serve_of({"-m",        "http",
                                         "--body",    "4K",
                                         "--backlog", "0",
                                         "-d",        "1m",
                                         "-i",        "1s",
                                         "-J",        "--accept-delay",
                                         "1s",        "--read-rate",
                                         "64K",       "--respond-delay",
                                         "20ms",      "--idle-timeout",
                                         "5s",        "--close-after",
                                         "100",       "--fail-rate",
                                         "2.5",       "--linger0",
                                         "8080"});
  const model::ServeConfig& server = options.server;
  EXPECT_EQ(server.mode, model::ServeMode::kHttp);
  EXPECT_EQ(server.body_bytes, 4096U);
  EXPECT_EQ(server.backlog, 0);
  EXPECT_EQ(server.accept_delay, 1s);
  EXPECT_EQ(server.read_rate, 65536U);
  EXPECT_EQ(server.respond_delay, 20ms);
  EXPECT_EQ(server.idle_timeout, 5s);
  EXPECT_EQ(server.close_after, 100U);
  EXPECT_DOUBLE_EQ(server.fail_rate, 0.025);
  EXPECT_TRUE(server.linger0 && options.json);
  EXPECT_EQ(options.duration, 1min);
  EXPECT_EQ(options.interval, 1s);
  EXPECT_EQ(serve_of({"-t", "4", "80"}).server.threads, 4U);
  EXPECT_TRUE(serve_of({"--half-open", "80"}).server.half_open);
  EXPECT_TRUE(serve_of({"--close-unread", "80"}).server.close_unread);
  EXPECT_DOUBLE_EQ(serve_of({"--fail-rate", "100%", "80"}).server.fail_rate, 1);
}

TEST(ServeCommand, Rejections) {
  EXPECT_THAT(rejection({"serve"}), StartsWith("tcptrace: serve: needs a port; give PORT"));
  EXPECT_THAT(rejection({"serve", "1", "2"}), StartsWith("tcptrace: serve: listens on one"));
  for (const char* text : {"70000", "::1:80", "http", "host:", "", "a b:80"}) {
    EXPECT_THAT(rejection({"serve", text}), HasSubstr("is not [ADDRESS:]PORT")) << text;
  }
  EXPECT_EQ(rejection({"serve", "--mode", "tcp", "80"}),
            "tcptrace: --mode: \"tcp\" is not one of echo, discard, http\n");
  EXPECT_EQ(rejection({"serve", "--threads", "0", "80"}),
            "tcptrace: --threads: \"0\" is not a size from 1 to 256\n");
  EXPECT_EQ(rejection({"serve", "--read-rate", "0", "80"}),
            "tcptrace: --read-rate: \"0\" is not a size from 1 to 1G\n");
  EXPECT_EQ(rejection({"serve", "--close-after", "0", "80"}),
            "tcptrace: --close-after: \"0\" is not a number from 1 on\n");
  for (const char* text : {"101", "-1", "", "x", "nan", "1e1"}) {
    EXPECT_THAT(rejection({"serve", "--fail-rate=" + std::string(text), "80"}),
                HasSubstr("--fail-rate: "))
        << text;
  }
}

TEST(ServeCommand, WhatCannotBeMeantTogether) {
  EXPECT_EQ(rejection({"serve", "--body", "1K", "80"}),
            "tcptrace: --body: only an answer over HTTP has one; add --mode http\n");
  EXPECT_THAT(rejection({"serve", "-m", "discard", "--respond-delay", "1s", "80"}),
              HasSubstr("--respond-delay: --mode discard answers nothing"));
  EXPECT_THAT(rejection({"serve", "-t", "2", "--accept-delay", "1s", "80"}),
              HasSubstr("--accept-delay and --threads exclude each other"));
  for (const Words& fault :
       {Words{"--read-rate", "1"}, Words{"--idle-timeout", "1s"}, Words{"--respond-delay", "1s"},
        Words{"--close-after", "1"}, Words{"--close-unread"}}) {
    Words words{"serve", "80", "--half-open"};
    words.insert(words.end(), fault.begin(), fault.end());
    EXPECT_THAT(rejection(words), HasSubstr("--half-open never reads or closes")) << fault.front();
  }
  EXPECT_THAT(rejection({"serve", "--close-unread", "--close-after", "1", "80"}),
              HasSubstr("--close-unread never reads"));
}

}  // namespace
}  // namespace tcptrace::cli
