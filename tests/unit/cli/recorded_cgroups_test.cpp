// SPDX-License-Identifier: GPL-2.0
#include "cli/recorded_cgroups.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tcptrace::cli {
namespace {

using testing::Contains;
using testing::IsEmpty;
using testing::Not;

trace::recording::Name name(std::uint64_t id, std::string path,
                            std::vector<std::uint64_t> ancestors) {
  return {.cgroup_id = id,
          .pid = 812,
          .known = true,
          .cgroup = {.path = std::move(path), .container = "", .runtime = ""},
          .of_cgroup = true,
          .ancestors = std::move(ancestors)};
}

model::Filter cgroup_filter(std::vector<std::uint64_t> ids) {
  model::Filter filter;
  filter.cgroups = std::move(ids);
  return filter;
}

TEST(RecordedCgroups, NamesWhatWasToldUntilItIsForgotten) {
  model::Filter filter;
  RecordedCgroups cgroups(filter, {}, {});
  EXPECT_EQ(cgroups.lookup(3, 812), nullptr);
  cgroups.learn(name(3, "/api", {1}));
  ASSERT_NE(cgroups.lookup(3, 812), nullptr);
  EXPECT_EQ(cgroups.lookup(3, 812)->path, "/api");
  EXPECT_EQ(cgroups.lookup(3, 813), nullptr);
  cgroups.learn({.cgroup_id = 3, .pid = 812, .known = false, .cgroup = {}, .ancestors = {}});
  EXPECT_EQ(cgroups.lookup(3, 812), nullptr);
  cgroups.learn(name(3, "/api", {1}));
  cgroups.forget();
  EXPECT_EQ(cgroups.lookup(3, 812), nullptr);
  EXPECT_THAT(filter.cgroups, IsEmpty());
}

TEST(RecordedCgroups, APathMeansWhatIsBelowItToo) {
  model::Filter filter;
  RecordedCgroups cgroups(filter, {"/api"}, {});
  EXPECT_THAT(filter.cgroups, Not(IsEmpty())) << "it would ask nothing";
  cgroups.learn(name(3, "/api", {1}));
  cgroups.learn(name(4, "/api/worker", {3, 1}));
  cgroups.learn(name(5, "/apis", {1}));
  EXPECT_THAT(filter.cgroups, Contains(3U));
  EXPECT_THAT(filter.cgroups, Contains(4U));
  EXPECT_THAT(filter.cgroups, Not(Contains(5U)));
}

TEST(RecordedCgroups, AnIdMeansWhatIsBelowItToo) {
  model::Filter filter = cgroup_filter({3});
  RecordedCgroups cgroups(filter, {}, {});
  cgroups.learn(name(4, "/api/worker", {3, 1}));
  cgroups.learn(name(5, "/other", {1}));
  EXPECT_THAT(filter.cgroups, Contains(3U));
  EXPECT_THAT(filter.cgroups, Contains(4U));
  EXPECT_THAT(filter.cgroups, Not(Contains(5U)));
}

// On hosts with v1 hierarchies a process names its container, and its cgroup is everybody's.
TEST(RecordedCgroups, APathThatOnlyAProcessToldSaysNothingOfTheId) {
  model::Filter filter;
  RecordedCgroups cgroups(filter, {"/docker"}, {});
  trace::recording::Name told = name(1, "/docker/3f0c", {});
  told.of_cgroup = false;
  cgroups.learn(told);
  EXPECT_THAT(filter.cgroups, Not(Contains(1U)));
}

TEST(RecordedCgroups, WhatTheTraceWasAskedForIsInEveryRecord) {
  const trace::recording::Opening opening{.cgroups = {{3, "/api"}}};
  model::Filter by_id = cgroup_filter({3});
  const RecordedCgroups first(by_id, {}, opening);
  EXPECT_THAT(by_id.cgroups, IsEmpty());
  model::Filter by_path;
  const RecordedCgroups second(by_path, {"/api"}, opening);
  EXPECT_THAT(by_path.cgroups, IsEmpty());
  model::Filter narrower;
  const RecordedCgroups third(narrower, {"/api/worker"}, opening);
  EXPECT_THAT(narrower.cgroups, Not(IsEmpty()));
}

}  // namespace
}  // namespace tcptrace::cli
