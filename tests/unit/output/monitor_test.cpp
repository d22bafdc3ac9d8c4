// SPDX-License-Identifier: GPL-2.0
// What `monitor` prints without a screen.
#include "output/monitor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "support/monitor_sample.h"
#include "support/schema.h"

namespace tcptrace::output {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(MonitorJson, IsValid) {
  for (const model::MonitorReading& reading :
       {samples::monitor_reading(), samples::first_monitor_reading()}) {
    EXPECT_EQ(test::validate(monitor_json(reading, samples::context())), "");
  }
}

TEST(MonitorJson, EveryWordIsKnown) {
  model::MonitorReading reading = samples::monitor_reading();
  for (std::uint8_t number = 0; number < model::kCauses; ++number) {
    reading.trace->causes[0].cause = static_cast<model::Cause>(number);
    reading.trace->retransmits[0].type = static_cast<model::RetransmitType>(number % 7);
    reading.trends.at(0).kind = static_cast<model::TrendKind>(number % 5);
    reading.walk->source = static_cast<model::SocketSource>(number % 2);
    reading.alerts[0].kind = static_cast<model::AlertKind>(number % model::kAlertKinds);
    reading.alerts[0].level = static_cast<model::AlertLevel>(number % 2);
    reading.alerts[0].state = static_cast<model::AlertState>(number % 3);
    EXPECT_EQ(test::validate(monitor_json(reading, samples::context())), "");
    EXPECT_EQ(test::validate(alert_json(reading.alerts[0], samples::context())), "");
  }
}

TEST(MonitorJson, NumbersAreThoseOfTheReading) {
  const json line = json::parse(monitor_json(samples::monitor_reading(), samples::context()));
  EXPECT_EQ(line["connections"], 1230);
  EXPECT_EQ(line["rates"]["active_opens"], 10);
  EXPECT_EQ(line["rates"]["error_percent"], 12.5);
  EXPECT_EQ(line["sockets"]["age_ms"], 1500);
  EXPECT_EQ(line["sockets"]["states"]["ESTABLISHED"], 1200);
  EXPECT_EQ(line["sockets"]["listeners"][0]["percent"], 93.75);
  EXPECT_EQ(line["trace"]["causes"][0]["sent_last_minute"], 3);
  EXPECT_EQ(line["trends"][0]["period_ms"], 30'000);
  EXPECT_EQ(line["losses"]["commands_dropped"], 2);
  EXPECT_FALSE(line.contains("no_trace"));
}

TEST(MonitorJson, WhatIsNotKnownIsAbsent) {
  const json line = json::parse(monitor_json(samples::first_monitor_reading(), samples::context()));
  EXPECT_FALSE(line.contains("rates"));
  EXPECT_FALSE(line.contains("sockets"));
  EXPECT_FALSE(line.contains("trace"));
  EXPECT_THAT(line["no_trace"].get<std::string>(), HasSubstr("not permitted"));
  EXPECT_EQ(line["trends"][0]["trend"], "not_enough_data");
}

TEST(AlertJson, SaysWhatWhereAndSinceWhen) {
  const json line = json::parse(alert_json(samples::alert(), samples::context()));
  EXPECT_EQ(line["type"], "alert");
  EXPECT_EQ(line["name"], "port_use");
  EXPECT_EQ(line["state"], "escalated");
  EXPECT_EQ(line["level"], "critical");
  EXPECT_EQ(line["subject"], "10.0.0.5 -> 10.0.0.9:5432");
  EXPECT_EQ(line["value"], 96.5);
  EXPECT_EQ(line["threshold"], 80);
  EXPECT_TRUE(line.contains("since"));
}

TEST(MonitorText, LinesHaveTheColumnsOfTheHeader) {
  const Context context = samples::context();
  EXPECT_EQ(monitor_header(context).size(),
            monitor_line(samples::monitor_reading(), context).size());
  const std::string first = monitor_line(samples::first_monitor_reading(), context);
  EXPECT_EQ(first.size(), monitor_header(context).size());
  EXPECT_THAT(first, HasSubstr(" - "));
}

TEST(MonitorText, AnAlertIsALine) {
  const std::string line = alert_line(samples::alert(), samples::context());
  EXPECT_THAT(line, HasSubstr("alert escalated: critical, port_use 10.0.0.5 -> 10.0.0.9:5432: 97 "
                              "%, threshold 80, peak 97"));
}

TEST(MonitorText, OnceHasEverything) {
  const std::string text = monitor_text(samples::monitor_reading(), samples::context());
  for (const char* part :
       {"connections/s", "ESTABLISHED", "1 alert", "PEER", "PROCESS", "LOCAL PORT", "LISTENER",
        "EPHEMERAL PORTS", "ROUND TRIP", "CAUSE", "RETRANSMISSIONS", "LATEST", "lost"}) {
    EXPECT_THAT(text, HasSubstr(part));
  }
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));
  Context context = samples::context();
  context.color = true;
  EXPECT_THAT(monitor_text(samples::monitor_reading(), context), HasSubstr("\x1b["));
}

TEST(MonitorText, VerboseHasEveryRow) {
  model::MonitorReading reading = samples::monitor_reading();
  reading.walk->census.peers.assign(30, reading.walk->census.peers[0]);
  const auto rows = [&](bool verbose) {
    Context context = samples::context();
    context.verbose = verbose;
    const std::string text = monitor_text(reading, context);
    std::size_t count = 0;
    for (std::size_t at = text.find("\n10.0.0.9 "); at != std::string::npos;
         at = text.find("\n10.0.0.9 ", at + 1)) {
      ++count;
    }
    return count;
  };
  EXPECT_EQ(rows(false), 10U);
  EXPECT_EQ(rows(true), 30U);
}

}  // namespace
}  // namespace tcptrace::output
