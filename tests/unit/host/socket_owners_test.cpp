// SPDX-License-Identifier: GPL-2.0
#include "host/socket_owners.h"

#include <sys/stat.h>

#include <string>

#include <gtest/gtest.h>

#include "unit/host/fake_root.h"

namespace tcptrace::host {
namespace {

class SocketOwnersOfProc : public testing::Test {
 protected:
  void process(std::uint32_t pid, std::string_view comm, std::string_view cgroup = "0::/\n") {
    root_.process(pid, comm, 4026531840, cgroup);
    root_.file("proc/" + std::to_string(pid) + "/status",
               "Name:\tx\nTgid:\t" + std::to_string(pid) + "\nUid:\t1000\t0\t0\t0\n");
    root_.directory("proc/" + std::to_string(pid) + "/fd");
  }
  void fd(std::uint32_t pid, int number, std::string_view target) {
    root_.link("proc/" + std::to_string(pid) + "/fd/" + std::to_string(number), target);
  }
  std::uint64_t read(const model::Filter& filter = {}) {
    owners_.clear();
    return read_socket_owners(root_.path(), filter, owners_);
  }
  [[nodiscard]] std::uint32_t owner(std::uint64_t inode) const {
    const model::Process* process = owners_.find(inode);
    return process == nullptr ? 0 : process->pid;
  }

  FakeRoot root_;
  model::SocketOwners owners_;
};

TEST_F(SocketOwnersOfProc, AreTheProcessesWithADescriptor) {
  process(812, "api");
  fd(812, 3, "socket:[100]");
  fd(812, 4, "/dev/null");
  fd(812, 5, "pipe:[101]");
  fd(812, 6, "socket:[none]");
  process(900, "idle");
  EXPECT_EQ(read(), 0U);
  EXPECT_EQ(owners_.size(), 1U);
  ASSERT_NE(owners_.find(100), nullptr);
  const model::Process& process = *owners_.find(100);
  EXPECT_EQ(process.pid, 812U);
  EXPECT_EQ(process.tid, 812U);
  EXPECT_EQ(process.uid, 1000U);
  EXPECT_EQ(process.comm_view(), "api");
  EXPECT_EQ(process.source, model::OwnerSource::kSeed);
}

TEST_F(SocketOwnersOfProc, OfSeveralTheLowestPid) {
  process(812, "api");
  process(813, "worker");
  fd(813, 3, "socket:[100]");
  fd(812, 3, "socket:[100]");
  read();
  EXPECT_EQ(owner(100), 812U);
  model::Filter filter;
  filter.pids = {813};
  read(filter);
  EXPECT_EQ(owner(100), 813U) << "the one that is asked for";
  filter = {};
  filter.comms = {"worker"};
  read(filter);
  EXPECT_EQ(owner(100), 813U);
}

TEST_F(SocketOwnersOfProc, ACgroupIsMeantWithAllBelowIt) {
  root_.cgroup2_mount("/sys/fs/cgroup/unified");
  root_.directory("sys/fs/cgroup/unified/api/worker");
  root_.directory("sys/fs/cgroup/unified/apis");
  process(812, "api", "0::/api/worker\n");
  fd(812, 3, "socket:[100]");
  process(813, "other", "0::/apis\n");
  fd(813, 3, "socket:[200]");
  struct stat status {};
  ASSERT_EQ(::stat((root_.path() / "sys/fs/cgroup/unified/api").c_str(), &status), 0);
  model::Filter filter;
  filter.cgroups = {status.st_ino};
  read(filter);
  EXPECT_EQ(owner(100), 812U);
  EXPECT_EQ(owner(200), 0U);
  ASSERT_EQ(::stat((root_.path() / "sys/fs/cgroup/unified").c_str(), &status), 0);
  filter.cgroups = {status.st_ino};
  read(filter);
  EXPECT_EQ(owner(200), 813U);
}

TEST_F(SocketOwnersOfProc, AProcessThatEndsMeanwhileIsNoFailure) {
  root_.file("proc/900/comm", "gone\n");  // no fd
  process(812, "api");
  fd(812, 3, "socket:[100]");
  EXPECT_EQ(read(), 0U);
  EXPECT_EQ(owner(100), 812U);
}

}  // namespace
}  // namespace tcptrace::host
