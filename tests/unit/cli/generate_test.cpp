// SPDX-License-Identifier: GPL-2.0
// The command line of tcptrace generate.
#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <fmt/core.h>
#include <gtest/gtest.h>

#include "cli/options.h"
#include "unit/cli/fake_host.h"

namespace tcptrace {
namespace {

using cli::GenerateOptions;
using namespace std::chrono_literals;

Result<cli::Command> parse(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), "generate");
  return cli::parse(arguments, cli::fake_host());
}

GenerateOptions accepted(std::vector<const char*> arguments) {
  auto command = parse(std::move(arguments));
  EXPECT_TRUE(command) << command.error().what;
  return std::get<GenerateOptions>(*std::move(command));
}

std::string refused(std::vector<const char*> arguments) {
  const auto command = parse(std::move(arguments));
  EXPECT_FALSE(command);
  EXPECT_EQ(command.error().status, ExitStatus::kUsage);
  return command.error().what;
}

TEST(GenerateOptions, BackendsHaveAddressPortAndWeight) {
  const auto options = accepted({"haproxy", "--backend", "[2001:DB8:0::6]:80,7", "--backend",
                                 "Api_1.Example.com:81", "--backend", "10.0.0.5:82"});
  const auto& backends = options.balancer.backends;
  ASSERT_EQ(backends.size(), 3U);
  EXPECT_EQ(backends[0].target, (model::Target{.host = "2001:db8::6", .port = 80}));
  EXPECT_EQ(backends[0].weight, 7U);
  EXPECT_FALSE(backends[0].is_name);
  EXPECT_EQ(backends[1].target.host, "api_1.example.com");
  EXPECT_TRUE(backends[1].is_name);
  EXPECT_EQ(backends[2].weight, 1U);
}

TEST(GenerateOptions, ABackendIsAnAddressOrAName) {
  for (const char* bad : {"a b:80", "a;b:80",        "a{b:80",         "$x:80",
                          "#x:80",  "a\nb:80",       "999.1.1.1:80",   "1.2.3:80",
                          "-a:80",  "a-:80",         "a..b:80",        ".a:80",
                          "a.:80",  "10.0.0.0/8:80", "unix:/run/x:80", "[fe80::1%eth0]:80",
                          "ä:80",   "'a':80",        "\"a\":80",       "a\\b:80"}) {
    EXPECT_NE(refused({"haproxy", "--backend", bad}).find("--backend: "), std::string::npos) << bad;
  }
  const std::string label(64, 'a');
  EXPECT_EQ(refused({"haproxy", "--backend", (label + ":80").c_str()}),
            fmt::format("--backend: \"{}\" is neither an address nor a name", label));
}

TEST(GenerateOptions, NoBackendTwiceHoweverItIsWritten) {
  EXPECT_EQ(refused({"nginx", "--backend", "[::1]:80", "--backend", "[0:0:0:0:0:0:0:1]:80,2"}),
            "--backend: \"[0:0:0:0:0:0:0:1]:80,2\" is given twice");
  EXPECT_EQ(refused({"nginx", "--backend", "A.example:80", "--backend", "a.example:80"}),
            "--backend: \"a.example:80\" is given twice");
  EXPECT_EQ(refused({"nginx", "--backend", "10.0.0.1:80", "--backend", "[::ffff:10.0.0.1]:80"}),
            "--backend: \"[::ffff:10.0.0.1]:80\" is given twice");
  EXPECT_EQ(accepted({"nginx", "--backend", "[::1]:80", "--backend", "[::1]:81"})
                .balancer.backends.size(),
            2U);
}

TEST(GenerateOptions, WeightsAreThoseOfHaproxy) {
  EXPECT_EQ(accepted({"haproxy", "--backend", "a:1,256"}).balancer.backends[0].weight, 256U);
  EXPECT_EQ(refused({"haproxy", "--backend", "a:1,257"}),
            "--backend: weight: \"257\" is not a number from 1 to 256");
  EXPECT_EQ(refused({"haproxy", "--backend", "a:1,0"}),
            "--backend: weight: \"0\" is not a number from 1 to 256");
  EXPECT_EQ(refused({"haproxy", "--backend", "a:1,"}),
            "--backend: weight: \"\" is not a number from 1 to 256");
}

TEST(GenerateOptions, WhatListensHasAnAddressOrAll) {
  const auto listen = [](std::vector<const char*> more) {
    std::vector<const char*> arguments{"haproxy", "--backend", "a:1"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const auto options = accepted(std::move(arguments));
    return std::pair(options.balancer.listen_host, options.balancer.listen_port);
  };
  using Listen = std::pair<std::string, std::uint16_t>;
  EXPECT_EQ(listen({}), Listen("", 80));
  EXPECT_EQ(listen({"--tls-passthrough"}), Listen("", 443));
  EXPECT_EQ(listen({"--listen", "8080"}), Listen("", 8080));
  EXPECT_EQ(listen({"--listen", "[::0]:8080"}), Listen("::", 8080));
  EXPECT_EQ(listen({"--listen", "127.0.0.1:8080"}), Listen("127.0.0.1", 8080));
  for (const char* bad : {"0", "", "http", "localhost:80", "127.0.0.1", "::1:80", "65536"}) {
    EXPECT_EQ(refused({"haproxy", "--backend", "a:1", "--listen", bad}),
              fmt::format("--listen: \"{}\" is not [ADDRESS:]PORT", bad));
  }
  EXPECT_EQ(refused({"haproxy", "--backend", "a:1", "--mode", "tcp"}),
            "--mode tcp: has no port of its own");
}

TEST(GenerateOptions, TimesHaveBounds) {
  const auto options =
      accepted({"nginx", "--backend", "a:1", "--backend-keepalive", "1.5s", "--pool-idle", "1ms"});
  EXPECT_EQ(options.balancer.backend_keepalive.value, 1500ms);
  EXPECT_EQ(options.balancer.backend_keepalive.source, model::BackendKeepalive::Source::kGiven);
  EXPECT_EQ(options.balancer.pool_idle, 1ms);
  for (const char* option : {"--backend-keepalive", "--pool-idle", "--client-idle",
                             "--connect-timeout", "--response-timeout"}) {
    for (const char* bad : {"0", "25h", "soon", "0.1ms"}) {
      EXPECT_NE(refused({"nginx", "--backend", "a:1", option, bad}).find(option), std::string::npos)
          << option << bad;
    }
  }
}

TEST(GenerateOptions, ConnectionsOfAnyModeCanBeWatched) {
  EXPECT_EQ(accepted({"nginx", "--backend", "a:1"}).watch_backends, std::nullopt);
  EXPECT_EQ(accepted({"nginx", "--backend", "a:1", "--watch-backends", "5m"}).watch_backends, 5min);
  EXPECT_EQ(accepted({"haproxy", "--backend", "a:1", "--tls-passthrough", "--watch-backends", "1s"})
                .watch_backends,
            1s);
}

TEST(GenerateOptions, WhatExcludesEachOther) {
  const std::vector<std::pair<std::vector<const char*>, std::string_view>> cases{
      {{}, "generate: needs haproxy or nginx"},
      {{"apache"}, "generate: \"apache\" is not one of haproxy, nginx"},
      {{"nginx"}, "generate: needs a backend"},
      {{"nginx", "haproxy", "--backend", "a:1"}, "generate: takes one of haproxy, nginx"},
      {{"nginx", "--backend", "a:1", "--tls-passthrough", "--mode", "http"},
       "--tls-passthrough: what HTTP is in there cannot be seen"},
      {{"nginx", "--backend", "a:1", "--health-check", "/", "--no-health-check"},
       "--health-check and --no-health-check exclude each other"},
      {{"nginx", "--backend", "a:1", "--probe-backends", "--backend-keepalive", "5s"},
       "--backend-keepalive, --probe-backends and --watch-backends exclude each other"},
      {{"nginx", "--backend", "a:1", "--watch-backends", "5s", "--backend-keepalive", "5s"},
       "--backend-keepalive, --probe-backends and --watch-backends exclude each other"},
      {{"nginx", "--backend", "a:1", "--watch-backends", "10ms"},
       "--watch-backends: \"10ms\" is not a time from 1000ms to 24h"},
      {{"nginx", "--backend", "a:1", "--probe-limit", "5s"}, "--probe-limit: nothing is probed"},
      {{"nginx", "--backend", "a:1", "--tls-passthrough", "--probe-backends"},
       "--probe-backends: asks over HTTP, and this is TCP mode"},
      {{"nginx", "--backend", "a:1", "--health-check", "x"}, "--health-check: \"x\" is not a path"},
      {{"nginx", "--backend", "a:1", "--proxy-protocol", "v2"},
       "--proxy-protocol: \"v2\" is not one of send, accept, both"},
      {{"nginx", "--backend", "a:1", "-o", ""}, "--output: \"\" is not a file name"},
  };
  for (const auto& [arguments, line] : cases) {
    EXPECT_EQ(refused(arguments), line);
  }
}

}  // namespace
}  // namespace tcptrace
