// SPDX-License-Identifier: GPL-2.0
#include "host/netns.h"

#include <unistd.h>

#include <filesystem>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/host/fake_root.h"

namespace tcptrace::host {
namespace {

using testing::ElementsAre;

TEST(ListNetns, GroupsProcessesByNamespace) {
  const FakeRoot root;
  root.process(1, "systemd", 4026531840);
  root.process(100, "sshd", 4026531840);
  for (std::uint32_t pid = 812; pid < 820; ++pid) {
    root.process(pid, "nginx", 4026532001);
  }
  root.file("proc/900/comm", "zombie\n");  // no ns/net: a zombie, or not ours to look at
  const auto all = list_netns(root.path());
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].inode, 4026531840U);
  EXPECT_TRUE(all[0].host);
  EXPECT_THAT(all[0].pids, ElementsAre(1U, 100U));
  EXPECT_EQ(netns_label(root.path(), all[0]), "host");
  EXPECT_FALSE(all[1].host);
  EXPECT_THAT(all[1].pids, ElementsAre(812U, 813U, 814U, 815U));
  EXPECT_EQ(all[1].path, root.path() / "proc/812/ns/net");
  EXPECT_EQ(netns_label(root.path(), all[1]), "pid 812 (nginx)");
}

TEST(ListNetns, FindsNamesWithoutProcesses) {
  const FakeRoot root;
  root.file("run/netns/blue", "");
  const auto all = list_netns(root.path());
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].inode, inode_of(root.path() / "run/netns/blue"));
  EXPECT_TRUE(all[0].pids.empty());
  EXPECT_EQ(all[0].path, root.path() / "run/netns/blue");
  EXPECT_EQ(netns_label(root.path(), all[0]), "netns blue");
}

TEST(ListNetns, ANameOfANamespaceWithProcessesIsItsLabel) {
  const FakeRoot root;
  root.file("run/netns/blue", "");
  root.process(812, "nginx", static_cast<std::uint32_t>(inode_of(root.path() / "run/netns/blue")));
  const auto all = list_netns(root.path());
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(netns_label(root.path(), all[0]), "netns blue");
  EXPECT_EQ(all[0].path, root.path() / "proc/812/ns/net");
}

TEST(ListNetns, WhereProcess1HidesTheKernelsThreadsTell) {
  const FakeRoot root;
  root.file("proc/1/comm", "init\n");
  root.process(2, "kthreadd", 4026531833);
  EXPECT_TRUE(list_netns(root.path()).at(0).host);
}

TEST(ListNetns, ProcessTwoOfAContainerTellsNothing) {
  const FakeRoot root;
  root.file("proc/1/comm", "init\n");
  root.process(2, "nginx", 4026532001);
  EXPECT_FALSE(list_netns(root.path()).at(0).host);
}

TEST(ListNetns, ThisProcessIsInOneOfThisMachine) {
  const auto own = netns_of_pid("/", static_cast<std::uint32_t>(::getpid()));
  ASSERT_TRUE(own);
  EXPECT_THAT(list_netns("/"), testing::Contains(testing::Field(&NetNamespace::inode, *own)));
}

TEST(NetnsInode, ByProcess) {
  const FakeRoot root;
  root.process(812, "nginx", 4026532001);
  root.file("proc/900/status", "Tgid:\t900\n");
  EXPECT_EQ(netns_inode(root.path(), "pid:812"), 4026532001U);
  EXPECT_EQ(netns_inode(root.path(), "pid:99999").error().what, "no process 99999");
  EXPECT_EQ(netns_inode(root.path(), "pid:900").error().what,
            "the network namespace of process 900 cannot be read");
  for (const char* text : {"pid:", "pid:0", "pid:-1", "pid:x", "pid:1x"}) {
    EXPECT_FALSE(netns_inode(root.path(), text)) << text;
  }
}

TEST(NetnsInode, ByPath) {
  EXPECT_EQ(netns_inode("/", "/proc/self/ns/net"), inode_of("/proc/self/ns/net"));
  EXPECT_EQ(netns_inode("/", "/proc/self/ns/mnt").error().what,
            "\"/proc/self/ns/mnt\" is not a network namespace");
  EXPECT_EQ(netns_inode("/", "/etc/passwd").error().what,
            "\"/etc/passwd\" is not a network namespace");
  EXPECT_EQ(netns_inode("/", "/nonexistent").error().what,
            "cannot open \"/nonexistent\": No such file or directory");
}

TEST(NetnsInode, ByName) {
  const FakeRoot root;
  root.link("run/netns/blue", "/proc/self/ns/net");
  root.file("run/netns/dead", "");  // what `ip netns add` leaves after a reboot without its mount
  EXPECT_EQ(netns_inode(root.path(), "blue"), inode_of("/proc/self/ns/net"));
  EXPECT_FALSE(netns_inode(root.path(), "dead"));
  for (const char* text : {"red", "", "."}) {
    EXPECT_EQ(netns_inode(root.path(), text).error().what,
              "no network namespace \"" + std::string(text) + "\"");
  }
}

}  // namespace
}  // namespace tcptrace::host
