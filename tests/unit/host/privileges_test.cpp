// SPDX-License-Identifier: GPL-2.0
#include "host/privileges.h"

#include <unistd.h>

#include <optional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/host/fake_root.h"

namespace tcptrace::host {
namespace {

using testing::ElementsAre;

TEST(CapabilityNames, ByBit) {
  EXPECT_THAT(capability_names(0), ElementsAre());
  EXPECT_THAT(capability_names(1ULL << 0 | 1ULL << 19 | 1ULL << 21),
              ElementsAre("CAP_CHOWN", "CAP_SYS_PTRACE", "CAP_SYS_ADMIN"));
  EXPECT_THAT(capability_names(1ULL << 12 | 1ULL << 38 | 1ULL << 39 | 1ULL << 40),
              ElementsAre("CAP_NET_ADMIN", "CAP_PERFMON", "CAP_BPF", "CAP_CHECKPOINT_RESTORE"));
  EXPECT_THAT(capability_names(1ULL << 63), ElementsAre("CAP_63"));
}

TEST(Privileges, AreReadFromProcAndSys) {
  const FakeRoot root;
  root.file("proc/self/status", "Name:\tx\nUid:\t1000\t0\t0\t0\nCapEff:\t000000c000000000\n");
  root.file("sys/kernel/security/lockdown", "none [integrity] confidentiality\n");
  root.file("sys/kernel/btf/vmlinux", "12345");
  root.file("proc/self/mountinfo",
            "1 2 0:3 / /sys/kernel/tracing rw - tracefs tracefs rw\n"
            "1 2 0:3 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n");
  const Privileges found = read_privileges(root.path());
  EXPECT_TRUE(found.has("CAP_BPF"));
  EXPECT_TRUE(found.has("CAP_PERFMON"));
  EXPECT_FALSE(found.has("CAP_SYS_ADMIN"));
  EXPECT_EQ(found.lockdown, "integrity");
  EXPECT_EQ(found.btf_bytes, 5U);
  EXPECT_EQ(found.tracefs, "/sys/kernel/tracing");
  EXPECT_EQ(found.cgroup2, root.path() / "sys/fs/cgroup");
}

TEST(Privileges, WhatIsMissingIsAbsent) {
  const FakeRoot root;
  root.file("sys/kernel/security/lockdown", "]none[\n");
  const Privileges found = read_privileges(root.path());
  EXPECT_TRUE(found.capabilities.empty());
  EXPECT_EQ(found.lockdown, std::nullopt);
  EXPECT_EQ(found.btf_bytes, std::nullopt);
  EXPECT_EQ(found.tracefs, std::nullopt);
}

TEST(Machine, HasAKernelAndAnArchitecture) {
  const Machine machine = read_machine();
  EXPECT_FALSE(machine.kernel.empty());
  EXPECT_FALSE(machine.architecture.empty());
  EXPECT_FALSE(machine.name.empty());
}

}  // namespace
}  // namespace tcptrace::host
