// SPDX-License-Identifier: GPL-2.0
#include "host/sysctl.h"

#include <array>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "unit/host/fake_root.h"

namespace tcptrace::host {
namespace {

std::string path_of(std::string_view name) {
  const auto path = sysctl_path("/r", name);
  return path ? path->native() : "refused";
}

TEST(SysctlPath, DotsOrSlashesSeparateAsTheFirstOneDoes) {
  EXPECT_EQ(path_of("net.ipv4.tcp_rmem"), "/r/proc/sys/net/ipv4/tcp_rmem");
  EXPECT_EQ(path_of("net/ipv4/tcp_rmem"), "/r/proc/sys/net/ipv4/tcp_rmem");
  EXPECT_EQ(path_of("net/ipv4/conf/eth0.1/rp_filter"),
            "/r/proc/sys/net/ipv4/conf/eth0.1/rp_filter");
  EXPECT_EQ(path_of("net.ipv4.conf.eth0/1.rp_filter"),
            "/r/proc/sys/net/ipv4/conf/eth0.1/rp_filter");
}

TEST(SysctlPath, WhatWouldLeaveTheDirectoryIsRefused) {
  for (const char* name : {"", ".", "..", "net..ipv4", ".net", "net.", "net/../../../etc/passwd",
                           "../etc/passwd", "//etc/passwd", "a.//.b", "net. .x", "net.\n"}) {
    EXPECT_EQ(path_of(name), "refused") << name;
  }
  EXPECT_EQ(sysctl_path("/r", "..").error().status, ExitStatus::kUsage);
}

TEST(ReadSysctl, BlanksAreOneAndTheLineHasNoEnd) {
  const FakeRoot root;
  root.file("proc/sys/net/ipv4/tcp_rmem", "4096\t131072\t6291456\n");
  root.file("proc/sys/net/ipv4/ip_local_reserved_ports", "\n");
  EXPECT_EQ(*read_sysctl(root.path(), "net.ipv4.tcp_rmem"), "4096 131072 6291456");
  EXPECT_EQ(*read_sysctl(root.path(), "net.ipv4.ip_local_reserved_ports"), "");
}

TEST(ReadSysctl, AMissingOneIsAbsentAndAnUnreadableOneAnError) {
  const FakeRoot root;
  root.directory("proc/sys/net/ipv4/tcp_rmem");
  EXPECT_EQ(*read_sysctl(root.path(), "net.ipv4.tcp_tw_recycle"), std::nullopt);
  EXPECT_EQ(*read_sysctl(root.path(), "net.netfilter.nf_conntrack_max"), std::nullopt);
  const auto unreadable = read_sysctl(root.path(), "net.ipv4.tcp_rmem");
  ASSERT_FALSE(unreadable);
  EXPECT_NE(unreadable.error().what.find("Is a directory"), std::string::npos);
}

TEST(ReadSysctls, ThoseThatAreThere) {
  const FakeRoot root;
  root.file("proc/sys/net/core/somaxconn", "4096\n");
  root.directory("proc/sys/net/core/rmem_max");
  std::vector<model::UnreadFact> unread;
  static constexpr std::array<std::string_view, 3> kNames = {"net.core.somaxconn",
                                                             "net.core.rmem_max", "net.core.none"};
  EXPECT_EQ(read_sysctls(root.path(), kNames, unread),
            (model::Sysctls{{"net.core.somaxconn", "4096"}}));
  ASSERT_EQ(unread.size(), 1U);
  EXPECT_EQ(unread[0].what, "net.core.rmem_max");
}

}  // namespace
}  // namespace tcptrace::host
