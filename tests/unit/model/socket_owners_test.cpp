// SPDX-License-Identifier: GPL-2.0
#include "model/socket_owners.h"

#include <gtest/gtest.h>

namespace tcptrace::model {
namespace {

Process process(std::uint32_t pid) { return {.pid = pid, .cgroup = {}}; }

TEST(SocketOwners, NobodyAtFirst) {
  const SocketOwners owners;
  EXPECT_EQ(owners.find(1), nullptr);
  EXPECT_EQ(owners.size(), 0U);
}

TEST(SocketOwners, TheFirstOfSeveralOwnersStays) {
  SocketOwners owners;
  owners.add(7, process(10));
  owners.add(7, process(20));
  owners.add(8, process(20));
  EXPECT_EQ(owners.find(7)->pid, 10U);
  EXPECT_EQ(owners.find(8)->pid, 20U);
  EXPECT_EQ(owners.processes().size(), 2U);
}

TEST(SocketOwners, NoInodeIsNobodys) {
  SocketOwners owners;
  owners.add(0, process(10));
  EXPECT_EQ(owners.find(0), nullptr);
}

TEST(SocketOwners, GrowsAndForgets) {
  SocketOwners owners;
  constexpr std::uint64_t kMany = 10'000;
  for (std::uint64_t inode = 1; inode <= kMany; ++inode) {
    owners.add(inode << 20U, process(static_cast<std::uint32_t>(inode / 100)));
  }
  EXPECT_EQ(owners.size(), kMany);
  for (std::uint64_t inode = 1; inode <= kMany; ++inode) {
    ASSERT_EQ(owners.find(inode << 20U)->pid, inode / 100);
  }
  EXPECT_EQ(owners.find(12345), nullptr);
  owners.clear();
  EXPECT_EQ(owners.find(1U << 20U), nullptr);
  owners.add(1, process(1));
  EXPECT_EQ(owners.find(1)->pid, 1U);
}

}  // namespace
}  // namespace tcptrace::model
