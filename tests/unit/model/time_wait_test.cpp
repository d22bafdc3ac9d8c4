// SPDX-License-Identifier: GPL-2.0
#include "model/time_wait.h"

#include <string>

#include <gtest/gtest.h>

#include "support/samples.h"

namespace tcptrace::model {
namespace {

TimeWaitReuse reuse(const std::string& tw_reuse, const std::string& timestamps) {
  return time_wait_reuse(
      {{"net.ipv4.tcp_tw_reuse", tw_reuse}, {"net.ipv4.tcp_timestamps", timestamps}});
}

TEST(TimeWait, NothingIsReusedWithoutTimestamps) {
  EXPECT_EQ(reuse("0", "1"), TimeWaitReuse::kNever);
  EXPECT_EQ(reuse("1", "1"), TimeWaitReuse::kAlways);
  EXPECT_EQ(reuse("1", "2"), TimeWaitReuse::kAlways);
  EXPECT_EQ(reuse("2", "1"), TimeWaitReuse::kLoopback);
  EXPECT_EQ(reuse("1", "0"), TimeWaitReuse::kNever);
  EXPECT_EQ(reuse("2", "0"), TimeWaitReuse::kNever);
}

TEST(TimeWait, WhatIsNotKnownIsTheKernelsDefault) {
  EXPECT_EQ(time_wait_reuse({}), TimeWaitReuse::kLoopback);
  EXPECT_EQ(reuse("x", ""), TimeWaitReuse::kLoopback);
}

TEST(TimeWait, LoopbackIsEitherEnd) {
  const Address near = samples::ipv4(127, 0, 0, 2);
  const Address far = samples::ipv4(10, 0, 0, 1);
  const auto reused = [](Family family, const Address& local, const Address& peer) {
    const PortUse use{.family = family, .local = local, .peer = peer};
    EXPECT_TRUE(reuses_time_wait(TimeWaitReuse::kAlways, use));
    EXPECT_FALSE(reuses_time_wait(TimeWaitReuse::kNever, use));
    return reuses_time_wait(TimeWaitReuse::kLoopback, use);
  };
  EXPECT_TRUE(reused(Family::kIpv4, near, far));
  EXPECT_TRUE(reused(Family::kIpv4, far, near));
  EXPECT_FALSE(reused(Family::kIpv4, far, far));
  const Address one{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}};
  const Address two{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2}};
  const Address mapped{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 127, 0, 0, 1}};
  const Address other{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 0, 0, 1}};
  EXPECT_TRUE(reused(Family::kIpv6, one, two));
  EXPECT_TRUE(reused(Family::kIpv6, two, one));
  EXPECT_TRUE(reused(Family::kIpv6, other, mapped));
  EXPECT_FALSE(reused(Family::kIpv6, two, other));
}

}  // namespace
}  // namespace tcptrace::model
