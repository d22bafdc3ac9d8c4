// SPDX-License-Identifier: GPL-2.0
#include "host/monitor_config.h"

#include <fstream>
#include <string>

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fake_root.h"

namespace tcptrace::host {
namespace {

using model::MonitorConfig;
using model::MonitorKey;

std::string failure_of(std::string_view text) {
  const auto config = parse_monitor_config(text, "m.json");
  if (config) {
    return "";
  }
  EXPECT_EQ(config.error().status, ExitStatus::kUsage);
  return config.error().what;
}

TEST(MonitorConfigFile, IsAnObjectOfWhatIsChanged) {
  const auto config = parse_monitor_config(
      "{\n  \"max_connections\": 50,\n  \"error_rate\": 2.5, \"time_wait\": null\n}\n", "m.json");
  ASSERT_TRUE(config) << config.error().what;
  EXPECT_EQ(config->max_connections, 50);
  EXPECT_EQ(config->error_rate, 2.5);
  EXPECT_FALSE(config->time_wait);
  EXPECT_EQ(config->connection_rate, MonitorConfig().connection_rate);
  EXPECT_TRUE(parse_monitor_config("{}", "m.json"));
}

TEST(MonitorConfigFile, EveryKeyIsTakenWithinItsBoundsAndNotBeyond) {
  for (const MonitorKey& key : model::monitor_keys()) {
    const auto text = [&key](double value) {
      return fmt::format("{{\"{}\": {}}}", key.name, value);
    };
    for (const double value : {key.min, key.max}) {
      const auto config = parse_monitor_config(text(value), "m.json");
      ASSERT_TRUE(config) << config.error().what;
      EXPECT_EQ(key.threshold != nullptr ? (*config).*key.threshold : (*config).*key.value, value);
    }
    EXPECT_THAT(failure_of(text(key.min - 0.5)), ::testing::StartsWith("m.json:1: ")) << key.name;
    EXPECT_THAT(failure_of(text(key.max * 2)), ::testing::HasSubstr("is not from")) << key.name;
    EXPECT_EQ(failure_of(fmt::format("{{\"{}\": null}}", key.name)).empty(),
              key.threshold != nullptr);
  }
}

TEST(MonitorConfigFile, DefaultsAreWithinTheBounds) {
  const MonitorConfig defaults;
  for (const MonitorKey& key : model::monitor_keys()) {
    const double value =
        key.threshold != nullptr ? (defaults.*key.threshold).value() : defaults.*key.value;
    EXPECT_GE(value, key.min) << key.name;
    EXPECT_LE(value, key.max) << key.name;
  }
}

TEST(MonitorConfigFile, ErrorsNameKeyAndLine) {
  EXPECT_EQ(failure_of("{\n\"time_wait\": 1,\n\n\"time_weit\": 2\n}"),
            "m.json:4: unknown key \"time_weit\"");
  EXPECT_EQ(failure_of("{\n\"time_wait\": \"many\"}"),
            "m.json:2: time_wait: \"many\" is not a number or null");
  EXPECT_EQ(failure_of("{\n\n\"raise_after\": null}"),
            "m.json:3: raise_after: null is not a number");
  EXPECT_EQ(failure_of("{\"raise_after\":\n1.5\n}"),
            "m.json:1: raise_after: 1.5 is not a whole number");
  EXPECT_EQ(failure_of("{\"port_use\": 101}"), "m.json:1: port_use: 101 is not from 0.001 to 100");
  EXPECT_EQ(failure_of("{\"time_wait\": -1}"),
            "m.json:1: time_wait: -1 is not from 1 to 1000000000");
  EXPECT_EQ(failure_of("{\"time_wait\": true}"),
            "m.json:1: time_wait: true is not a number or null");
  EXPECT_EQ(failure_of("{\"time_wait\": [1]}"),
            "m.json:1: time_wait: an array is not a number or null");
  EXPECT_EQ(failure_of("{\"time_wait\": {}}"),
            "m.json:1: time_wait: an object is not a number or null");
  EXPECT_EQ(failure_of("{\"time_wait\": 1,\n\"time_wait\": 2}"),
            "m.json:2: time_wait is there twice");
}

TEST(MonitorConfigFile, WhatIsNoObjectIsRefused) {
  EXPECT_EQ(failure_of("[1]"), "m.json:1: an array is not an object of keys and values");
  EXPECT_EQ(failure_of("7"), "m.json:1: 7 is not an object of keys and values");
  EXPECT_EQ(failure_of("null"), "m.json:1: null is not an object of keys and values");
}

TEST(MonitorConfigFile, WhatIsNoJsonHasLineAndColumn) {
  EXPECT_THAT(failure_of("{\n  \"time_wait\": 3,\n  oops\n}"),
              ::testing::StartsWith("m.json:3:3: this is no JSON"));
  EXPECT_THAT(failure_of(""), ::testing::StartsWith("m.json:1:"));
  EXPECT_THAT(failure_of("{\"time_wait\": 3"), ::testing::StartsWith("m.json:1:"));
  EXPECT_THAT(failure_of("{} {"), ::testing::StartsWith("m.json:1:4: this is no JSON"));
  EXPECT_THAT(failure_of("{\"time_wait\": 1e999}"), ::testing::StartsWith("m.json:1:"));
  EXPECT_THAT(failure_of(std::string(100'000, '[')), ::testing::StartsWith("m.json:1:"));
}

TEST(MonitorConfigFile, HostileTextDoesNotReachTheTerminal) {
  for (const std::string& text : {std::string(R"({"\u001b[2J": 1})"), std::string("{\"a\xff\": 1}"),
                                  std::string("{\x1b[2J"), std::string("\x00{", 2)}) {
    const std::string what = failure_of(text);
    EXPECT_NE(what, "");
    for (const char c : what) {
      EXPECT_GE(static_cast<unsigned char>(c), 0x20) << what;
    }
  }
}

TEST(MonitorConfigFile, IsReadFromAFile) {
  const FakeRoot root;
  const std::filesystem::path path = root.path() / "thresholds.json";
  std::ofstream(path) << "{\"port_use\": 70}";
  const auto config = read_monitor_config(path);
  ASSERT_TRUE(config) << config.error().what;
  EXPECT_EQ(config->port_use, 70);
  const auto missing = read_monitor_config(root.path() / "no");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().status, ExitStatus::kUsage);
  EXPECT_FALSE(read_monitor_config(root.path()));
  EXPECT_FALSE(read_monitor_config("/dev/zero"));
  std::ofstream(path) << std::string(std::size_t{2} << 20U, ' ') << "{}";
  EXPECT_FALSE(read_monitor_config(path));
}

}  // namespace
}  // namespace tcptrace::host
