// SPDX-License-Identifier: GPL-2.0
#include "host/cgroup_names.h"

#include <chrono>
#include <filesystem>
#include <string>

#include <gtest/gtest.h>

#include "unit/host/fake_root.h"

namespace tcptrace::host {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::string_view kUnified = "/sys/fs/cgroup";

class CgroupNamesTest : public testing::Test {
 protected:
  CgroupNamesTest() { root_.cgroup2_mount(kUnified); }

  std::uint64_t make_cgroup(const std::string& path) {
    root_.directory("sys/fs/cgroup" + path);
    return inode_of(root_.path() / ("sys/fs/cgroup" + path));
  }

  FakeRoot root_;
};

TEST_F(CgroupNamesTest, FindsAPathByIdAndItsContainer) {
  const auto service = make_cgroup("/system.slice/api.service");
  const auto container = make_cgroup("/system.slice/docker-" + inner_id + ".scope");
  CgroupNames names(root_.path());
  const auto plain = names.lookup(service, 0, seconds(0));
  ASSERT_NE(plain, nullptr);
  EXPECT_EQ(plain->path, "/system.slice/api.service");
  EXPECT_EQ(plain->container, "");
  const auto inside = names.lookup(container, 0, seconds(0));
  ASSERT_NE(inside, nullptr);
  EXPECT_EQ(inside->container, inner_id);
  EXPECT_EQ(inside->runtime, "docker");
  EXPECT_EQ(names.lookup(make_cgroup(""), 0, seconds(0))->path, "/");
}

TEST_F(CgroupNamesTest, OneCgroupIsOneObject) {
  const auto id = make_cgroup("/a");
  CgroupNames names(root_.path());
  EXPECT_EQ(names.lookup(id, 0, seconds(0)), names.lookup(id, 0, seconds(60)));
}

TEST_F(CgroupNamesTest, AnIdIsRememberedBeyondTheCgroup) {
  const auto id = make_cgroup("/gone");
  CgroupNames names(root_.path());
  ASSERT_NE(names.lookup(id, 0, seconds(0)), nullptr);
  std::filesystem::remove(root_.path() / "sys/fs/cgroup/gone");
  EXPECT_EQ(names.lookup(id, 0, seconds(100))->path, "/gone");
}

TEST_F(CgroupNamesTest, WithoutIdOrProcessNothingIsKnown) {
  CgroupNames names(root_.path());
  EXPECT_EQ(names.lookup(0, 0, seconds(0)), nullptr);
  EXPECT_EQ(names.lookup(~0ULL, 0, seconds(0)), nullptr);
  EXPECT_EQ(names.lookup(~0ULL, 4000, seconds(0)), nullptr);
}

// On a hybrid host every process is in the root of the v2 hierarchy, and v1 knows the container.
TEST_F(CgroupNamesTest, AsksTheProcessWhereTheV2PathNamesNoContainer) {
  const auto top = make_cgroup("");
  root_.process(812, "api", 1, "4:memory:/docker/" + inner_id + "\n0::/\n");
  root_.process(900, "db", 1, "4:memory:/docker/" + outer_id + "\n0::/\n");
  root_.process(901, "sshd", 1, "4:memory:/system.slice/ssh.service\n0::/\n");
  CgroupNames names(root_.path());
  EXPECT_EQ(names.lookup(top, 812, seconds(0))->container, inner_id);
  EXPECT_EQ(names.lookup(top, 900, seconds(0))->container, outer_id);
  EXPECT_EQ(names.lookup(top, 901, seconds(0))->path, "/");
}

TEST_F(CgroupNamesTest, DoesNotAskTheProcessWhereTheCgroupNamesAContainer) {
  const auto id = make_cgroup("/docker/" + inner_id);
  root_.process(812, "api", 1, "0::/docker/" + outer_id + "\n");
  CgroupNames names(root_.path());
  EXPECT_EQ(names.lookup(id, 812, seconds(0))->container, inner_id);
}

TEST_F(CgroupNamesTest, WhatAProcessSaidIsKeptForASecondAndBeyondItsEnd) {
  root_.process(812, "api", 1, "4:memory:/docker/" + inner_id + "\n");
  CgroupNames names(root_.path());
  ASSERT_EQ(names.lookup(1, 812, seconds(10))->container, inner_id);
  // The number is now another process's.
  root_.file("proc/812/cgroup", "4:memory:/docker/" + outer_id + "\n");
  EXPECT_EQ(names.lookup(1, 812, milliseconds(10'999))->container, inner_id);
  EXPECT_EQ(names.lookup(1, 812, milliseconds(11'000))->container, outer_id);
  std::filesystem::remove_all(root_.path() / "proc/812");
  EXPECT_EQ(names.lookup(1, 812, seconds(60))->container, outer_id);
}

TEST_F(CgroupNamesTest, TheCacheIsBounded) {
  CgroupNames names(root_.path(), 4);
  std::vector<std::uint64_t> ids;
  for (int i = 0; i < 20; ++i) {
    ids.push_back(make_cgroup("/c" + std::to_string(i)));
    ASSERT_NE(names.lookup(ids.back(), 0, seconds(0)), nullptr);
  }
  std::filesystem::remove_all(root_.path() / "sys/fs/cgroup");
  EXPECT_EQ(names.lookup(ids.front(), 0, seconds(0)), nullptr);
  EXPECT_EQ(names.lookup(ids.back(), 0, seconds(0))->path, "/c19");
}

TEST(Cgroup2Mount, IsFoundBesideV1AndWithBlanksInItsPath) {
  const FakeRoot root;
  EXPECT_EQ(cgroup2_mount(root.path()), std::nullopt);
  root.cgroup2_mount("/sys/fs/cgroup/unified");
  EXPECT_EQ(cgroup2_mount(root.path()), root.path() / "sys/fs/cgroup/unified");
  root.file("proc/self/mountinfo", "1 2 0:3 / /mnt/a\\040b rw - cgroup2 x rw\n");
  EXPECT_EQ(cgroup2_mount(root.path()), root.path() / "mnt/a b");
  root.file("proc/self/mountinfo", "short\n\n- cgroup2\n1 2 3 4 5 6 -\n");
  EXPECT_EQ(cgroup2_mount(root.path()), std::nullopt);
}

TEST(CgroupId, ByPathBelowTheMountOrAbsolute) {
  const FakeRoot root;
  root.cgroup2_mount("/sys/fs/cgroup/unified");
  root.directory("sys/fs/cgroup/unified/system.slice/api.service");
  const auto full = root.path() / "sys/fs/cgroup/unified/system.slice/api.service";
  EXPECT_EQ(cgroup_id(root.path(), "/system.slice/api.service"), inode_of(full));
  EXPECT_EQ(cgroup_id(root.path(), "system.slice/api.service"), inode_of(full));
  EXPECT_EQ(cgroup_id(root.path(), full.native()), inode_of(full));
  for (const std::string_view path : {"/nope", "", "/system.slice/api.service/cgroup.procs"}) {
    const auto id = cgroup_id(root.path(), path);
    ASSERT_FALSE(id) << path;
    EXPECT_EQ(id.error().what, "no cgroup \"" + std::string(path) + "\" below " +
                                   (root.path() / "sys/fs/cgroup/unified").native());
  }
}

TEST(CgroupId, WithoutAMountSaysSo) {
  const FakeRoot root;
  EXPECT_EQ(cgroup_id(root.path(), "/x").error().what,
            "no cgroup v2 hierarchy is mounted on this host");
}

TEST(BestCgroupPath, PrefersTheLineThatNamesAContainer) {
  EXPECT_EQ(best_cgroup_path("0::/system.slice/api.service\n"), "/system.slice/api.service");
  EXPECT_EQ(best_cgroup_path("9:name=systemd:/\n4:memory:/docker/" + inner_id + "\n0::/\n"),
            "/docker/" + inner_id);
  EXPECT_EQ(best_cgroup_path("4:memory:/docker/" + inner_id + "\n0::/docker/" + outer_id + "\n"),
            "/docker/" + outer_id);
  EXPECT_EQ(best_cgroup_path("12:cpu,cpuacct:/user\n"), "");
  EXPECT_EQ(best_cgroup_path("0::/odd:name\n"), "/odd:name");
  EXPECT_EQ(best_cgroup_path("garbage\n:\n\n"), "");
}

}  // namespace
}  // namespace tcptrace::host
