// SPDX-License-Identifier: GPL-2.0
#include "host/sysctl_boot.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fake_root.h"
#include "host/sysctl_dropin.h"

namespace tcptrace::host {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> overrides(const FakeRoot& root,
                                   const std::vector<tune::DropinSetting>& settings) {
  std::vector<std::string> found;
  for (const model::BootOverride& one : boot_overrides(root.path(), kDropinName, settings)) {
    found.push_back(one.name + "=" + one.value + " " +
                    one.file.substr(root.path().native().size()));
  }
  return found;
}

TEST(SysctlBoot, FilesThatAreReadLaterWin) {
  const FakeRoot root;
  const std::vector<tune::DropinSetting> three{
      {.name = "net.core.somaxconn", .value = "4096"},
      {.name = "net.ipv4.tcp_sack", .value = "1"},
      {.name = "net.ipv4.tcp_rmem", .value = "4096 131072 6291456"}};
  EXPECT_THAT(overrides(root, three), IsEmpty());
  root.file("etc/sysctl.d/10-a.conf", "net.core.somaxconn = 1\n");
  root.file("etc/sysctl.d/99-a.conf.bak", "net.core.somaxconn = 1\n");
  root.file("etc/sysctl.d/99-b.conf", "net.core.somaxconn=4096\n#net.ipv4.tcp_sack = 0\n");
  EXPECT_THAT(overrides(root, three), IsEmpty()) << "earlier, no file of settings, the same";
  root.file("usr/lib/sysctl.d/95-c.conf", "-net/ipv4/tcp_rmem = 4096  87380\t1\n");
  root.file("usr/lib/sysctl.d/99-b.conf", "net.core.somaxconn = 3\n");
  EXPECT_THAT(overrides(root, three),
              ElementsAre("net.ipv4.tcp_rmem=4096 87380 1 /usr/lib/sysctl.d/95-c.conf"))
      << "/etc's file of a name hides that of /usr";
  root.file("etc/sysctl.conf", "net.ipv4.tcp_sack = 0\nnet.core.somaxconn = 2\n");
  root.link("etc/sysctl.d/99-sysctl.conf", "../sysctl.conf");
  EXPECT_THAT(
      overrides(root, three),
      ElementsAre("net.core.somaxconn=2 /etc/sysctl.conf", "net.ipv4.tcp_sack=0 /etc/sysctl.conf",
                  "net.ipv4.tcp_rmem=4096 87380 1 /usr/lib/sysctl.d/95-c.conf"));
}

}  // namespace
}  // namespace tcptrace::host
