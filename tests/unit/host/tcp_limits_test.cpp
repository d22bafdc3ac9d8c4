// SPDX-License-Identifier: GPL-2.0
#include "host/tcp_limits.h"

#include <sys/resource.h>

#include <gtest/gtest.h>

#include "unit/host/fake_root.h"

namespace tcptrace::host {
namespace {

TEST(TcpLimits, AreReadFromProcfs) {
  const FakeRoot root;
  root.file("proc/sys/net/ipv4/ip_local_port_range", "10000\t19999\n");
  root.file("proc/sys/net/ipv4/tcp_tw_reuse", "1\n");
  root.file("proc/sys/net/core/somaxconn", "128\n");
  root.file("proc/sys/net/netfilter/nf_conntrack_max", "5000\n");
  root.file("proc/sys/net/netfilter/nf_conntrack_count", "12\n");
  const model::LoadLimits limits = read_load_limits(root.path());
  EXPECT_EQ(limits.ports, 10'000U);
  EXPECT_EQ(limits.time_wait_reuse, model::TimeWaitReuse::kAlways);
  root.file("proc/sys/net/ipv4/tcp_timestamps", "0\n");
  EXPECT_EQ(read_load_limits(root.path()).time_wait_reuse, model::TimeWaitReuse::kNever);
  EXPECT_EQ(limits.somaxconn, 128U);
  EXPECT_EQ(limits.conntrack_max, 5000U);
  EXPECT_EQ(limits.conntrack_count, 12U);
}

TEST(TcpLimits, WhatIsNotThereIsTheKernelsDefaultOrUnknown) {
  const FakeRoot root;
  root.file("proc/sys/net/ipv4/ip_local_port_range", "20000 10000\n");
  const model::LoadLimits limits = read_load_limits(root.path());
  EXPECT_EQ(limits.ports, model::LoadLimits().ports);
  EXPECT_EQ(limits.time_wait_reuse, model::TimeWaitReuse::kLoopback);
  EXPECT_FALSE(limits.somaxconn || limits.conntrack_max);
}

TEST(TcpLimits, OpenFilesAreRaisedToTheHardLimit) {
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit lower{.rlim_cur = before.rlim_max / 2, .rlim_max = before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &lower), 0);
  EXPECT_EQ(read_load_limits("/").open_files, before.rlim_max / 2);
  raise_open_files();
  EXPECT_EQ(read_load_limits("/").open_files, before.rlim_max);
  ::setrlimit(RLIMIT_NOFILE, &before);
}

}  // namespace
}  // namespace tcptrace::host
