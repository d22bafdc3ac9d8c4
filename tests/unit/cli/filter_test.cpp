// SPDX-License-Identifier: GPL-2.0
// The filter options: lists, repetition, limits, lookups.
#include <string>
#include <string_view>
#include <vector>

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/options.h"
#include "unit/cli/fake_host.h"

namespace tcptrace::cli {
namespace {

using model::PortRange;
using model::PortSide;
using testing::ElementsAre;

model::Filter filter_of(const std::vector<std::string>& words) {
  const auto command = parse_words(words);
  EXPECT_TRUE(command) << (command ? "" : command.error().what);
  return command ? std::get<TraceOptions>(*command).filter : model::Filter{};
}

// "A,B,…" of `count` items made by `item`.
template <typename Item>
std::string list(std::size_t count, const Item& item) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i) {
    if (i != 0) {
      text += ",";
    }
    text += item(i);
  }
  return text;
}

TEST(FilterOptions, ListsAndRepetitionsAddUpAndDuplicatesDoNot) {
  EXPECT_THAT(filter_of({"-p", "1,812", "--pid", "900", "-p", "812"}).pids,
              ElementsAre(1U, 812U, 900U));
  EXPECT_THAT(filter_of({"--comm", "nginx,api", "--comm", "a b"}).comms,
              ElementsAre("nginx", "api", "a b"));
}

TEST(FilterOptions, PortsKeepTheirSide) {
  EXPECT_THAT(filter_of({"-P", "80,8000-8100", "-L", "443", "-D", "5432"}).ports,
              testing::UnorderedElementsAre(
                  PortRange{80, 80, PortSide::kEither}, PortRange{8000, 8100, PortSide::kEither},
                  PortRange{443, 443, PortSide::kLocal}, PortRange{5432, 5432, PortSide::kPeer}));
}

TEST(FilterOptions, NamespacesByNamePathProcessOrNumber) {
  EXPECT_THAT(filter_of({"--netns", "blue"}).netns, ElementsAre(4026532001U));
  EXPECT_THAT(filter_of({"--netns", "/run/netns/blue,pid:812"}).netns, ElementsAre(4026532001U));
  EXPECT_THAT(filter_of({"--netns", "4026531840"}).netns, ElementsAre(4026531840U));
}

TEST(FilterOptions, CgroupsByPathOrNumber) {
  EXPECT_THAT(filter_of({"--cgroup", "/api,17"}).cgroups, ElementsAre(4242U, 17U));
}

TEST(FilterOptions, FamilyAndAddresses) {
  EXPECT_EQ(filter_of({"-4"}).family, model::Family::kIpv4);
  EXPECT_EQ(filter_of({"-6"}).family, model::Family::kIpv6);
  EXPECT_EQ(filter_of({}).family, std::nullopt);
  EXPECT_EQ(
      filter_of({"--addr", "10.0.0.0/8,::1", "--addr", "::ffff:10.0.0.0/104"}).prefixes.size(), 2U);
  // One prefix can still match.
  EXPECT_EQ(filter_of({"-4", "--addr", "::1,127.0.0.1"}).prefixes.size(), 2U);
}

TEST(FilterOptions, EventsReplaceTheDefault) {
  EXPECT_EQ(filter_of({"-e", "accept"}).events,
            (model::EventSelection{.retransmit = false, .accept = true}));
  EXPECT_EQ(filter_of({"-e", "reset,close", "-e", "state"}).events,
            (model::EventSelection{.reset = true, .close = true, .state = true}));
  EXPECT_EQ(filter_of({"-e", "all"}).events,
            (model::EventSelection{true, true, true, true, true, true, true}));
}

struct Limit {
  std::string option;
  std::size_t most;
  std::string (*item)(std::size_t);
};

class Limits : public testing::TestWithParam<Limit> {};

TEST_P(Limits, AsManyAsTheKernelHasRoomForAndNoMore) {
  const auto& [option, most, item] = GetParam();
  EXPECT_EQ(rejection({option, list(most, item)}), "");
  EXPECT_EQ(rejection({option, list(most + 1, item)}),
            "tcptrace: " + option + ": more than " + std::to_string(most) + " values\n");
}

INSTANTIATE_TEST_SUITE_P(
    All, Limits,
    testing::Values(Limit{"--pid", 64, [](std::size_t i) { return std::to_string(900 + i); }},
                    Limit{"--comm", 16, [](std::size_t i) { return std::to_string(i); }},
                    Limit{"--netns", 32,
                          [](std::size_t i) { return std::to_string(4026531840 + i); }},
                    Limit{"--cgroup", 32, [](std::size_t i) { return std::to_string(1 + i); }},
                    Limit{"--port", 64, [](std::size_t i) { return std::to_string(1 + i); }},
                    Limit{"--addr", 64, [](std::size_t i) { return fmt::format("10.0.0.{}", i); }}),
    [](const auto& instance) { return instance.param.option.substr(2); });

TEST(FilterOptions, PortsOfAllSidesShareOneLimit) {
  const auto port = [](std::size_t i) { return std::to_string(1 + i); };
  EXPECT_EQ(rejection({"-P", list(64, port), "-L", "443"}),
            "tcptrace: --port: more than 64 values\n");
}

}  // namespace
}  // namespace tcptrace::cli
