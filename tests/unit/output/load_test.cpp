// SPDX-License-Identifier: GPL-2.0
// What `stress` prints.
#include "output/load.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "golden.h"
#include "support/load_sample.h"
#include "support/samples.h"
#include "support/schema.h"

namespace tcptrace::output {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;
using testing::Not;

Context verbose() {
  Context context = samples::context();
  context.verbose = true;
  return context;
}

TEST(LoadText, Golden) {
  test::expect_golden("stress.txt", load_text(samples::load_report(), verbose()));
}

TEST(LoadJson, Golden) {
  const std::string line = load_json(samples::load_report(), verbose());
  EXPECT_EQ(test::validate(line), "");
  test::expect_golden("stress.jsonl", line);
}

TEST(LoadJson, ARunOfNothingIsValid) {
  model::LoadReport report;
  report.boot_time = seconds(1);
  report.options.target = {.host = "h", .port = 1};
  report.addresses = {"127.0.0.1:1"};
  report.ended_by = "duration";
  report.connections = report.threads = 1;
  const std::string line = load_json(report, samples::context());
  EXPECT_EQ(test::validate(line), "");
  const json parsed = json::parse(line);
  EXPECT_FALSE(parsed["connections"].contains("success_percent")) << "of nothing there is none";
  EXPECT_TRUE(parsed["latency"].empty());
}

TEST(LoadJson, EveryWordIsKnown) {
  model::LoadReport report = samples::load_report();
  for (std::uint8_t number = 0; number < 5; ++number) {
    report.failures[0].failure = {.phase = static_cast<model::LoadPhase>(number % 4),
                                  .check = static_cast<model::LoadCheck>(number)};
    report.options.work = static_cast<model::LoadWork>(number % 3);
    report.options.close = static_cast<model::CloseStyle>(number % 3);
    EXPECT_EQ(test::validate(load_json(report, verbose())), "");
  }
}

TEST(LoadJson, RatesAreOfTheWholeRun) {
  const json parsed = json::parse(load_json(samples::load_report(), samples::context()));
  EXPECT_DOUBLE_EQ(parsed["connections"]["established_per_second"].get<double>(), 1848.78);
  EXPECT_DOUBLE_EQ(parsed["connections"]["success_percent"].get<double>(), 99.484);
  EXPECT_FALSE(parsed.contains("failed")) << "only with --verbose";
}

TEST(LoadText, OneFailureIsNeverHiddenByRounding) {
  model::LoadReport report = samples::load_report();
  report.counts.succeeded = 10'000'000;
  report.counts.failed = 1;
  EXPECT_THAT(load_text(report, samples::context()), HasSubstr("99.99 %"));
  report.counts.failed = 0;
  EXPECT_THAT(load_text(report, samples::context()), HasSubstr("100.00 %"));
}

TEST(LoadText, FailedConnectionsAreShownOnRequestAndTheRestCounted) {
  model::LoadReport report = samples::load_report();
  EXPECT_THAT(load_text(report, samples::context()), Not(HasSubstr("41822")));
  report.failed.resize(1, {});
  report.failed.resize(50, report.failed.front());
  EXPECT_THAT(load_text(report, verbose()), HasSubstr("and 128 more\n"));
}

TEST(LoadText, WhatAHostIsCalledCannotSteerTheTerminal) {
  model::LoadReport report = samples::load_report();
  report.options.target.host = "\x1b[2J";
  EXPECT_THAT(load_text(report, samples::context()), Not(HasSubstr("\x1b")));
}

TEST(LoadText, AnIpv6TargetHasBrackets) {
  model::LoadReport report = samples::load_report();
  report.options.target = {.host = "2001:db8::1", .port = 80};
  EXPECT_THAT(load_text(report, samples::context()), HasSubstr("[2001:db8::1]:80 ("));
}

TEST(LoadProgress, RatesAreThoseSinceTheLastLine) {
  model::LoadProgress before;
  before.elapsed = seconds(1);
  before.connect.count = 1000;
  model::LoadProgress now = before;
  now.elapsed = seconds(3);
  now.connect = samples::latency(6000, std::chrono::microseconds(10));
  now.in_flight = 64;
  now.counts.succeeded = 5930;
  now.counts.failed = 6;
  EXPECT_EQ(load_progress_text(now, before),
            "3.0 s: 2,500/s connected, 64 in flight, 5,936 ended, 6 failed, connect p50 20 us, "
            "p99 400 us");
}

}  // namespace
}  // namespace tcptrace::output
