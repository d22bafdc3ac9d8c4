// SPDX-License-Identifier: GPL-2.0
#include "output/pools.h"

#include <string>
#include <vector>

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "support/pool_samples.h"
#include "support/samples.h"
#include "support/schema.h"

namespace tcptrace::output {
namespace {

using nlohmann::json;
using testing::HasSubstr;

std::string netns_name(std::uint32_t inode) { return fmt::format("netns {}", inode % 10); }

std::string text(const model::PoolReport& report, bool verbose = false) {
  Context context = samples::context();
  context.verbose = verbose;
  return pools_text(report, true, netns_name, context);
}

std::vector<std::string> lines(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t start = 0; start < text.size(); start = text.find('\n', start) + 1) {
    lines.push_back(text.substr(start, text.find('\n', start) - start));
  }
  return lines;
}

TEST(PoolsText, HasALineForEachPoolAndWhatIsWrongBelow) {
  EXPECT_THAT(
      lines(text(samples::pool_report())),
      testing::ElementsAre(
          "NETNS    PID  COMM  RUNTIME  PEER           OPEN  IDLE  BUSY  WAITING  CLOSE_WAIT  "
          "OPENED/MIN  CLOSED/MIN  IDLE P50/MAX  AGE MAX",
          "netns 0  812  api   Node.js  10.0.0.9:5432    10     7     3        1           4  "
          "       720         708  1.2 s/70.0 s  >70.0 s",
          "    close_wait_leak (likely): 4 connections in CLOSE_WAIT, the oldest for at least 61.0 "
          "s",
          "        close what the peer has closed",
          "    no_reuse (possible): 118 connections came and went", "        turn on keep-alive",
          "netns 1    -  -     -        [fd00::9]:443     1     0     1        0           0  "
          "         0           0             -        -",
          "10.0.0.9:5432 ends connections that are idle for 5.0 s (12 of 13)",
          "[fd00::9]:443 seems to end connections that are idle for 60.0 s (3 of 3)"));
}

TEST(PoolsText, HasColumnsOnlyForWhatThereIs) {
  model::PoolReport report = samples::pool_report();
  report.pools.pop_back();
  report.looks = 1;
  const std::string header = lines(text(report)).front();
  EXPECT_THAT(header, testing::Not(HasSubstr("NETNS")));
  EXPECT_THAT(header, testing::Not(HasSubstr("/MIN")));
  EXPECT_THAT(pools_text(report, false, netns_name, samples::context()),
              testing::Not(HasSubstr("COMM")));
  EXPECT_EQ(lines(text({})).size(), 1U);
}

TEST(PoolsText, SaysMoreWhenVerbose) {
  const std::string traced = text(samples::pool_report(), true);
  EXPECT_THAT(traced, HasSubstr("    idle for: min 200.0 ms, p90 8.0 s, 3 < 1 s, 2 < 5 s, 1 < 1 "
                                "min, 1 < 5 min\n"));
  EXPECT_THAT(traced,
              HasSubstr("    120 opened, 118 closed, 100 of them by this side first, 15 by the "
                        "peer, 3 by a reset, 2 connects failed, half of them lived no longer than "
                        "1.2 s, 31 in TIME_WAIT to this peer\n"));
  EXPECT_THAT(text(samples::untraced_pool_report(), true), HasSubstr("    at least: 120 opened"));
}

TEST(PoolsText, IsSafeOnATerminal) {
  model::PoolReport report = samples::pool_report();
  report.pools[0].process = samples::pool_process("\x1b[31m\n\xff");
  const std::string out = text(report, true);
  EXPECT_EQ(out.find('\x1b'), std::string::npos);
  EXPECT_THAT(out, HasSubstr("\\x1b[31m\\x0a\\xff"));
}

TEST(PoolsText, SumsUpInOneLine) {
  EXPECT_EQ(pools_summary_text(samples::pool_report()),
            "2 pools with 11 open connections, in 11 looks over 10.0 s, by a BPF iterator; opens "
            "and ends by the tracer");
  EXPECT_EQ(pools_summary_text(samples::untraced_pool_report()),
            "2 pools with 11 open connections, in 11 looks over 10.0 s, by netlink (sock_diag); "
            "opens and ends as the looks tell");
  model::PoolReport once = samples::untraced_pool_report();
  once.looks = 1;
  EXPECT_EQ(pools_summary_text(once),
            "2 pools with 11 open connections, in 1 look, by netlink (sock_diag)");
}

TEST(PoolsJson, HasALineForEachPoolAndOneForAll) {
  const std::vector<std::string> records =
      lines(pools_json(samples::pool_report(), samples::context()));
  ASSERT_EQ(records.size(), 3U);
  const json pool = json::parse(records[0]);
  EXPECT_EQ(pool["type"], "pool");
  EXPECT_EQ(pool["process"]["comm"], "api");
  EXPECT_EQ(pool["runtime"], "nodejs");
  EXPECT_EQ(pool["peer"], "10.0.0.9");
  EXPECT_EQ(pool["peer_port"], 5432);
  EXPECT_EQ(pool["connections"]["open"], 10);
  EXPECT_EQ(pool["idle"]["median_ms"], 1200.0);
  EXPECT_EQ(pool["idle"]["buckets"].size(), 8U);
  EXPECT_EQ(pool["idle"]["buckets"][0]["below_ms"], 1000.0);
  EXPECT_FALSE(pool["idle"]["buckets"][7].contains("below_ms"));
  EXPECT_EQ(pool["churn"]["opened_per_minute"], 720.0);
  EXPECT_EQ(pool["verdicts"][0]["verdict"], "close_wait_leak");
  EXPECT_EQ(pool["verdicts"][1]["confidence"], "possible");
  const json nobodys = json::parse(records[1]);
  EXPECT_FALSE(nobodys.contains("process"));
  EXPECT_FALSE(nobodys.contains("runtime"));
  EXPECT_FALSE(nobodys.contains("idle"));
  const json summary = json::parse(records[2]);
  EXPECT_EQ(summary["type"], "pools_summary");
  EXPECT_EQ(summary["pools"], 2);
  EXPECT_EQ(summary["peer_idle_closes"][0]["idle_ms"], 5000.0);
  EXPECT_EQ(summary["peer_idle_closes"][1]["presumed"], true);
  EXPECT_EQ(summary["opens"][0]["kernel"], 1234);
}

TEST(PoolsJson, IsValidWhateverIsInIt) {
  model::PoolReport report = samples::pool_report();
  model::Pool& pool = report.pools[0];
  pool.process = samples::pool_process("\"\\\x01\xff");
  pool.now.open = pool.time_wait = pool.churn.opened = UINT64_MAX;
  pool.idle.max = std::chrono::nanoseconds::max();
  for (std::size_t i = 1; i < model::kRuntimeKinds; ++i) {
    pool.runtime = static_cast<model::RuntimeKind>(i);
    for (const std::string& line : lines(pools_json(report, samples::context()))) {
      EXPECT_EQ("", test::validate(line));
    }
  }
  for (std::size_t i = 0; i < model::kPoolProblems; ++i) {
    pool.verdicts[0].problem = static_cast<model::PoolProblem>(i);
    EXPECT_EQ("", test::validate(lines(pools_json(report, samples::context()))[0]));
  }
  model::PoolReport once;
  once.boot_time = std::chrono::seconds(180);
  once.looks = 1;
  once.ended_by = "once";
  once.pools = {samples::nobodys_pool(), model::Pool{}};
  for (const std::string& line : lines(pools_json(once, samples::context()))) {
    EXPECT_EQ("", test::validate(line));
  }
}

}  // namespace
}  // namespace tcptrace::output
