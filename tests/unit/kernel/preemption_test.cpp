// SPDX-License-Identifier: GPL-2.0
#include "kernel/preemption.h"

#include <gtest/gtest.h>

namespace tcptrace::kernel {
namespace {

constexpr const char* kDynamic = "#1 SMP PREEMPT_DYNAMIC Debian 6.18.15-1~bpo13+1 (2026-03-12)";

TEST(Preemption, IsWhatTheSchedulerSays) {
  EXPECT_FALSE(preempts("none (voluntary) full \n", kDynamic));
  EXPECT_FALSE(preempts("(none) voluntary full lazy \n", kDynamic));
  EXPECT_TRUE(preempts("none voluntary (full) lazy \n", kDynamic));
  EXPECT_TRUE(preempts("none voluntary full (lazy) \n", kDynamic));
  EXPECT_TRUE(preempts("full (lazy) \n", kDynamic));
}

TEST(Preemption, IsByTheVersionWhereTheSchedulerDoesNotSay) {
  EXPECT_FALSE(preempts({}, "#1 SMP Debian 6.1.192-2 (2026-11-16)"));
  EXPECT_TRUE(preempts({}, "#1 SMP PREEMPT Fri Mar 1"));
  EXPECT_TRUE(preempts({}, "#1 SMP PREEMPT_RT Fri Mar 1"));
  EXPECT_TRUE(preempts({}, kDynamic));
}

TEST(Preemption, BearsWhatItDoesNotKnow) {
  EXPECT_TRUE(preempts("", ""));
  EXPECT_TRUE(preempts("none (eager", "PREEMPT"));
  EXPECT_FALSE(preempts({}, ""));
}

}  // namespace
}  // namespace tcptrace::kernel
