// SPDX-License-Identifier: GPL-2.0
#include "host/coverage.h"

#include <cstdint>
#include <map>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tcptrace::host {
namespace {

using model::CoverageRow;
using testing::ElementsAre;
using Traced = std::map<std::uint32_t, model::TracedCounters>;

// What a CoverageRow says, comparable.
struct Row {
  std::string counter;
  std::uint64_t kernel;
  std::optional<std::uint64_t> traced;
  friend bool operator==(const Row&, const Row&) = default;
  friend std::ostream& operator<<(std::ostream& out, const Row& row) {
    return out << row.counter << ' ' << row.kernel << ' '
               << (row.traced ? std::to_string(*row.traced) : "-");
  }
};

std::vector<Row> rows(const model::NetnsCoverage& netns) {
  std::vector<Row> result;
  result.reserve(netns.rows.size());
  for (const CoverageRow& row : netns.rows) {
    result.push_back({row.counter, row.kernel, row.traced});
  }
  return result;
}

CountersByNetns host(const Counters& counters) {
  return {{100, {.name = "host", .counters = counters, .unreadable = {}}}};
}

TEST(KernelCoverage, DifferencesBesideWhatWasTraced) {
  const auto result =
      coverage(host({{"Tcp.OutRsts", 10},
                     {"Tcp.EstabResets", 1},
                     {"Tcp.RetransSegs", 7},
                     {"Tcp.AttemptFails", 2}}),
               host({{"Tcp.OutRsts", 15},
                     {"Tcp.EstabResets", 1},
                     {"Tcp.RetransSegs", 9},
                     {"Tcp.AttemptFails", 5}}),
               Traced{{100, {.resets_sent = 5, .retransmitted_segments = 1, .attempt_fails = 3}}});
  ASSERT_EQ(result.size(), 1U);
  EXPECT_EQ(result[0].netns, 100U);
  EXPECT_EQ(result[0].name, "host");
  EXPECT_TRUE(result[0].readable);
  EXPECT_THAT(rows(result[0]), ElementsAre(Row{"Tcp.OutRsts", 5, 5}, Row{"Tcp.EstabResets", 0, 0},
                                           Row{"Tcp.RetransSegs-TCPRetransFail", 2, 1},
                                           Row{"Tcp.AttemptFails", 3, 3}));
}

TEST(KernelCoverage, ReasonsThatMovedAreShownForInformation) {
  const auto result = coverage(host({{"TcpExt.TCPAbortOnData", 1},
                                     {"TcpExt.TCPAbortOnClose", 4},
                                     {"TcpExt.TCPTimeouts", 0},
                                     {"TcpExt.TCPPureAcks", 0},
                                     {"Ip.InReceives", 0}}),
                               host({{"TcpExt.TCPAbortOnData", 3},
                                     {"TcpExt.TCPAbortOnClose", 4},
                                     {"TcpExt.TCPTimeouts", 2},
                                     {"TcpExt.TCPPureAcks", 9},
                                     {"Ip.InReceives", 9},
                                     {"TcpExt.ListenOverflows", 1},
                                     {"TcpExt.TCPMD5NotFound", 3}}),
                               Traced{});
  EXPECT_THAT(rows(result.at(0)), ElementsAre(Row{"TcpExt.ListenOverflows", 1, std::nullopt},
                                              Row{"TcpExt.TCPAbortOnData", 2, std::nullopt},
                                              Row{"TcpExt.TCPMD5NotFound", 3, std::nullopt},
                                              Row{"TcpExt.TCPTimeouts", 2, std::nullopt}));
}

TEST(KernelCoverage, ACounterThatThisKernelLacksHasNoRow) {
  const auto result = coverage(host({{"Tcp.RetransSegs", 1}}), host({{"Tcp.RetransSegs", 1}}),
                               Traced{{100, {.resets_sent = 5}}});
  EXPECT_THAT(rows(result.at(0)), ElementsAre(Row{"Tcp.RetransSegs-TCPRetransFail", 0, 0}));
}

TEST(KernelCoverage, ANamespaceThatAppearedCountsFromZero) {
  CountersByNetns after = host({{"Tcp.OutRsts", 1}});
  after[200] = {.name = "netns blue", .counters = {{"Tcp.OutRsts", 4}}, .unreadable = {}};
  const auto result =
      coverage(host({{"Tcp.OutRsts", 1}}), after, Traced{{200, {.resets_sent = 4}}});
  ASSERT_EQ(result.size(), 2U);
  EXPECT_THAT(rows(result[1]), ElementsAre(Row{"Tcp.OutRsts", 4, 4}));
}

TEST(KernelCoverage, ANamespaceThatEndedIsUnreadable) {
  CountersByNetns before = host({});
  before[200] = {.name = "netns blue", .counters = {{"Tcp.OutRsts", 4}}, .unreadable = {}};
  const auto result =
      coverage(before, host({}), Traced{{200, {.resets_sent = 1}}, {300, {.resets_sent = 1}}});
  ASSERT_EQ(result.size(), 3U);
  EXPECT_EQ(result[1].name, "netns blue");
  EXPECT_FALSE(result[1].readable);
  EXPECT_EQ(result[1].unreadable, "it ended before the trace did");
  EXPECT_TRUE(result[1].rows.empty());
  EXPECT_EQ(result[2].netns, 300U);
  EXPECT_EQ(result[2].unreadable, "it was not there at the start nor at the end");
}

TEST(KernelCoverage, CountersThatGoBackwardsBelongToAnotherNamespace) {
  const auto result = coverage(host({{"Tcp.OutRsts", 10}, {"Tcp.RetransSegs", 1}}),
                               host({{"Tcp.OutRsts", 3}, {"Tcp.RetransSegs", 9}}), Traced{});
  EXPECT_FALSE(result.at(0).readable);
  EXPECT_EQ(result[0].unreadable,
            "its counters went backwards: another namespace has its number now");
}

TEST(KernelCoverage, AGaugeMayGoBackwards) {
  const auto result = coverage(host({{"Tcp.CurrEstab", 10}, {"Tcp.OutRsts", 1}}),
                               host({{"Tcp.CurrEstab", 3}, {"Tcp.OutRsts", 1}}), Traced{});
  EXPECT_TRUE(result.at(0).readable);
}

TEST(KernelCoverage, UnreadableAtEitherEndSaysWhy) {
  const CountersByNetns fails{{200, {.name = "netns blue", .counters = {}, .unreadable = "EPERM"}}};
  const CountersByNetns works{
      {200, {.name = "netns blue", .counters = {{"Tcp.OutRsts", 4}}, .unreadable = {}}}};
  for (const auto& result : {coverage(fails, works, {}), coverage(works, fails, {})}) {
    ASSERT_EQ(result.size(), 1U);
    EXPECT_FALSE(result[0].readable);
    EXPECT_EQ(result[0].unreadable, "EPERM");
  }
}

TEST(KernelCoverage, HostComesFirstAndQuietNamespacesAreLeftOut) {
  const auto named = [](const std::string& name, std::uint64_t resets) {
    return NetnsCounters{.name = name, .counters = {{"Tcp.OutRsts", resets}}, .unreadable = {}};
  };
  const CountersByNetns before{
      {10, named("a", 1)}, {20, named("host", 5)}, {30, named("b", 1)}, {40, named("c", 0)}};
  const CountersByNetns after{
      {10, named("a", 2)}, {20, named("host", 5)}, {30, named("b", 1)}, {40, named("c", 0)}};
  const auto result = coverage(before, after, Traced{{40, {.resets_sent = 1}}});
  std::vector<std::string> names;
  names.reserve(result.size());
  for (const auto& netns : result) {
    names.push_back(netns.name);
  }
  EXPECT_THAT(names, ElementsAre("host", "a", "c"));
}

}  // namespace
}  // namespace tcptrace::host
