// SPDX-License-Identifier: GPL-2.0
#include "model/pool.h"

#include <set>

#include <gtest/gtest.h>

namespace tcptrace::model {
namespace {

using std::chrono::seconds;

TEST(PoolTimes, AreOfTheNearestRank) {
  EXPECT_EQ(pool_times({}), PoolTimes{});
  EXPECT_EQ(pool_times({seconds(7)}), (PoolTimes{.count = 1,
                                                 .min = seconds(7),
                                                 .median = seconds(7),
                                                 .p90 = seconds(7),
                                                 .max = seconds(7)}));
  std::vector<std::chrono::nanoseconds> ten;
  for (int i = 10; i > 0; --i) {
    ten.emplace_back(seconds(i));
  }
  EXPECT_EQ(pool_times(ten), (PoolTimes{.count = 10,
                                        .min = seconds(1),
                                        .median = seconds(5),
                                        .p90 = seconds(9),
                                        .max = seconds(10)}));
}

TEST(PoolNames, AreThereAndDiffer) {
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < kPoolProblems; ++i) {
    names.insert(pool_problem_name(static_cast<PoolProblem>(i)));
  }
  EXPECT_EQ(names.size(), kPoolProblems);
  EXPECT_FALSE(names.contains(""));
  std::set<std::string_view> runtimes;
  for (std::size_t i = 0; i < kRuntimeKinds; ++i) {
    const auto kind = static_cast<RuntimeKind>(i);
    runtimes.insert(runtime_name(kind));
    EXPECT_EQ(runtime_name(kind).empty(), runtime_title(kind).empty());
  }
  EXPECT_EQ(runtimes.size(), kRuntimeKinds);
  EXPECT_EQ(runtime_name(RuntimeKind::kPhpFpm), "php_fpm");
  EXPECT_EQ(runtime_title(RuntimeKind::kRedis), "redis");
}

}  // namespace
}  // namespace tcptrace::model
