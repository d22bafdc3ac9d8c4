// SPDX-License-Identifier: GPL-2.0
// The command line of `tcptrace report`.
#include <chrono>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/options.h"
#include "unit/cli/fake_host.h"

namespace tcptrace::cli {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(ReportOptions, WithoutAFileItIsATraceOfAMinute) {
  const auto options = options_of<ReportOptions>({"report"});
  EXPECT_THAT(options.files, IsEmpty());
  EXPECT_EQ(options.live.duration, std::chrono::minutes(1));
  EXPECT_EQ(options.format, ReportFormat::kHtml);
  EXPECT_FALSE(options.output);
  EXPECT_TRUE(options.live.filter.events.reset && options.live.filter.events.retransmit);
}

TEST(ReportOptions, AFilterIsOfTheHostOrOfTheFiles) {
  const auto live =
      options_of<ReportOptions>({"report", "-d", "5m", "-p", "812", "--cgroup", "/api"});
  EXPECT_EQ(live.live.duration, std::chrono::minutes(5));
  EXPECT_THAT(live.live.filter.pids, ElementsAre(812U));
  EXPECT_THAT(live.live.filter.cgroups, ElementsAre(4242U));
  const auto files = options_of<ReportOptions>(
      {"report", "a.rec", "-p", "77", "--cgroup", "/no/such", "-P", "443", "-e", "reset", "-"});
  EXPECT_THAT(files.files, ElementsAre("a.rec", "-"));
  EXPECT_THAT(files.live.filter.pids, ElementsAre(77U)) << "a process that may be gone";
  EXPECT_THAT(files.cgroups, ElementsAre("/no/such"));
  EXPECT_FALSE(files.live.filter.events.retransmit);
}

TEST(ReportOptions, TheFormIsAPageTextOrJson) {
  EXPECT_EQ(options_of<ReportOptions>({"report", "--text"}).format, ReportFormat::kText);
  EXPECT_EQ(options_of<ReportOptions>({"report", "-J"}).format, ReportFormat::kJson);
  EXPECT_EQ(options_of<ReportOptions>({"report", "-o", "a.html"}).output, "a.html");
  EXPECT_FALSE(options_of<ReportOptions>({"report", "-o", "-"}).output);
}

TEST(ReportOptions, WhatCannotBeIsRefused) {
  EXPECT_EQ(rejection({"report", "--json", "--text"}),
            "tcptrace: --json and --text exclude each other\n");
  EXPECT_EQ(rejection({"report", "-d", "1m", "a.rec"}),
            "tcptrace: --duration is for a trace of this host, and files were given\n");
  EXPECT_EQ(rejection({"report", "-", "-"}), "tcptrace: stdin can be read once only\n");
  EXPECT_EQ(rejection({"report", ""}), "tcptrace: \"\" is not a file name\n");
  EXPECT_EQ(rejection({"report", "-d", "0"}),
            "tcptrace: --duration: \"0\" is not longer than zero\n");
  EXPECT_EQ(rejection({"report", "-p", "99999"}), "tcptrace: --pid: no process 99999\n");
}

}  // namespace
}  // namespace tcptrace::cli
