// SPDX-License-Identifier: GPL-2.0
// The command line of `pools`.
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/cli/fake_host.h"

namespace tcptrace::cli {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using Words = std::vector<std::string>;

PoolsOptions pools_of(Words words) {
  words.insert(words.begin(), "pools");
  return options_of<PoolsOptions>(words);
}

TEST(PoolsCommand, NothingIsAllPoolsForTenSeconds) {
  const PoolsOptions options = pools_of({});
  EXPECT_EQ(options.interval, seconds(1));
  EXPECT_EQ(options.duration, seconds(10));
  EXPECT_FALSE(options.once || options.source || options.json || options.verbose);
  EXPECT_FALSE(asks_for_owner(options.filter));
}

TEST(PoolsCommand, TakesItsPace) {
  const PoolsOptions options = pools_of({"-i", "200ms", "-d", "5m"});
  EXPECT_EQ(options.interval, milliseconds(200));
  EXPECT_EQ(options.duration, minutes(5));
  EXPECT_TRUE(pools_of({"--once"}).once);
}

TEST(PoolsCommand, FiltersOutputAndSourceAreThoseOfASnapshot) {
  const PoolsOptions options = pools_of(
      {"-p", "812", "--comm", "api", "-D", "5432", "-HJv", "-oout", "--source", "netlink"});
  EXPECT_THAT(options.filter.pids, ElementsAre(812U));
  EXPECT_THAT(options.filter.comms, ElementsAre("api"));
  EXPECT_EQ(options.filter.ports.size(), 1U);
  EXPECT_TRUE(options.json && options.verbose && !options.header);
  EXPECT_EQ(options.output, "out");
  EXPECT_EQ(options.source, model::SocketSource::kNetlink);
}

TEST(PoolsCommand, RefusesAPaceThatCannotBe) {
  EXPECT_EQ(rejection({"pools", "-i", "10ms"}),
            "tcptrace: --interval: \"10ms\" is not between 100ms and 1h\n");
  EXPECT_EQ(rejection({"pools", "-i", "5s", "-d", "2s"}),
            "tcptrace: --interval is longer than --duration\n");
  for (const char* option : {"-d", "-i"}) {
    EXPECT_EQ(rejection({"pools", "--once", option, "2s"}),
              "tcptrace: --once excludes --interval and --duration\n");
  }
}

TEST(PoolsCommand, HasHelp) { EXPECT_THAT(printed({"pools", "-h"}), HasSubstr("--interval")); }

}  // namespace
}  // namespace tcptrace::cli
