// SPDX-License-Identifier: GPL-2.0
// Settings below a fake root. What the kernel refuses is written to files of this process's own
// /proc: oom_score_adj takes -1000 to 1000, comm cuts what is too long.
#include "host/sysctl_dropin.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/unique_fd.h"
#include "fake_root.h"
#include "host/sysctl.h"
#include "support/files.h"

namespace tcptrace::host {
namespace {

using model::SettingOutcome;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kDropin = "etc/sysctl.d/90-tcptrace.conf";
constexpr const char* kBackup = "var/lib/tcptrace/sysctl-backup.json";

class SysctlDropin : public ::testing::Test {
 protected:
  SysctlDropin() {
    root_.file("proc/sys/kernel/random/boot_id", "b-1\n");
    root_.file("proc/sys/net/core/somaxconn", "128\n");
    root_.file("proc/sys/net/ipv4/tcp_sack", "0\n");
    root_.file("proc/sys/net/ipv4/tcp_rmem", "4096\t87380\t174760\n");
    root_.directory("etc/sysctl.d");
  }

  [[nodiscard]] SettingsTarget target(bool dropin = true) const {
    return {.root = root_.path(), .owner = settings_owner(root_.path(), true), .dropin = dropin};
  }
  [[nodiscard]] std::string text(const std::filesystem::path& name) const {
    return test::contents(root_.path() / name);
  }
  [[nodiscard]] bool there(const std::filesystem::path& name) const {
    return std::filesystem::exists(root_.path() / name);
  }
  [[nodiscard]] std::string value(std::string_view name) const {
    return read_sysctl(root_.path(), name).value().value();
  }
  Result<model::TuneOutcome> apply(const std::vector<tune::DropinSetting>& settings,
                                   bool dropin = true) const {
    return apply_settings(target(dropin), settings, [] { return false; });
  }
  Result<model::TuneOutcome> restore() const { return restore_settings(target()); }
  [[nodiscard]] std::string all() const {
    return text("proc/sys/net/core/somaxconn") + text("proc/sys/net/ipv4/tcp_sack") +
           text("proc/sys/net/ipv4/tcp_rmem");
  }

  FakeRoot root_;
  const std::vector<tune::DropinSetting> three_{
      {.name = "net.core.somaxconn", .value = "4096"},
      {.name = "net.ipv4.tcp_sack", .value = "1"},
      {.name = "net.ipv4.tcp_rmem", .value = "4096 131072 6291456"}};
};

std::vector<SettingOutcome> outcomes(const model::TuneOutcome& outcome) {
  std::vector<SettingOutcome> all;
  all.reserve(outcome.settings.size());
  for (const model::SettingChange& change : outcome.settings) {
    all.push_back(change.outcome);
  }
  return all;
}

TEST_F(SysctlDropin, AppliesAndPutsBackExactly) {
  const std::string before = all();
  const auto applied = apply(three_);
  ASSERT_TRUE(applied) << applied.error().what;
  EXPECT_FALSE(applied->failed());
  EXPECT_THAT(outcomes(*applied), ::testing::Each(SettingOutcome::kSet));
  EXPECT_EQ(applied->settings[2].former, "4096 87380 174760");
  EXPECT_EQ(value("net.ipv4.tcp_rmem"), "4096 131072 6291456");
  EXPECT_THAT(text(kDropin), HasSubstr("\nnet.core.somaxconn = 4096\n"));
  EXPECT_EQ(*applied->dropin_text, text(kDropin));
  const auto restored = restore();
  ASSERT_TRUE(restored) << restored.error().what;
  EXPECT_FALSE(restored->failed());
  EXPECT_EQ(all(), before);
  EXPECT_FALSE(there(kDropin));
  EXPECT_FALSE(there(kBackup));
  EXPECT_FALSE(restore()) << "a second time there is nothing";
}

TEST_F(SysctlDropin, ASecondApplyKeepsTheOriginalValues) {
  const std::string before = all();
  ASSERT_TRUE(apply({{.name = "net.core.somaxconn", .value = "4096"}}));
  ASSERT_TRUE(apply({{.name = "net.core.somaxconn", .value = "8192"},
                     {.name = "net.ipv4.tcp_sack", .value = "1"}}));
  EXPECT_THAT(text(kDropin), HasSubstr("net.core.somaxconn = 8192\n"));
  EXPECT_THAT(text(kDropin), Not(HasSubstr("4096")));
  ASSERT_TRUE(restore());
  EXPECT_EQ(all(), before);
  EXPECT_FALSE(there(kDropin));
}

TEST_F(SysctlDropin, AFormerDropinComesBackByteByByte) {
  const std::string former = "# mine \xff\x01\nnet.ipv4.tcp_sack = 0";
  root_.file(kDropin, former);
  ASSERT_EQ(::chmod((root_.path() / kDropin).c_str(), 0600), 0);
  ASSERT_TRUE(apply(three_));
  EXPECT_THAT(text(kDropin), Not(HasSubstr("tcp_sack = 0")));
  ASSERT_TRUE(apply({{.name = "net.core.somaxconn", .value = "1"}}));
  ASSERT_TRUE(restore());
  EXPECT_EQ(text(kDropin), former);
  struct stat status {};
  ASSERT_EQ(::stat((root_.path() / kDropin).c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777U, 0600U);
}

TEST_F(SysctlDropin, WithoutADropinOnlyValuesChange) {
  ASSERT_TRUE(apply(three_, false));
  EXPECT_FALSE(there(kDropin));
  EXPECT_EQ(value("net.core.somaxconn"), "4096");
  ASSERT_TRUE(restore());
  EXPECT_EQ(value("net.core.somaxconn"), "128");
}

// They ended with the boot: what was the former value then is none now.
TEST_F(SysctlDropin, AValueOfAnotherBootIsNotPutBackWithoutADropin) {
  ASSERT_TRUE(apply(three_, false));
  root_.file("proc/sys/kernel/random/boot_id", "b-2\n");
  root_.file("proc/sys/net/core/somaxconn", "512\n");
  const auto restored = restore();
  ASSERT_FALSE(restored);
  EXPECT_THAT(restored.error().what, HasSubstr("is over"));
  EXPECT_EQ(value("net.core.somaxconn"), "512");
  ASSERT_TRUE(apply(three_, false));
  ASSERT_TRUE(restore());
  EXPECT_EQ(value("net.core.somaxconn"), "512") << "that is the former value now";
}

TEST_F(SysctlDropin, ADropinIsUndoneAfterABootToo) {
  ASSERT_TRUE(apply(three_));
  root_.file("proc/sys/kernel/random/boot_id", "b-2\n");
  ASSERT_TRUE(apply({{.name = "net.core.somaxconn", .value = "8192"}}));
  ASSERT_TRUE(restore());
  EXPECT_EQ(value("net.core.somaxconn"), "128");
  EXPECT_FALSE(there(kDropin));
}

TEST_F(SysctlDropin, WhatTheKernelRefusesIsNotLeftInTheDropin) {
  root_.link("proc/sys/net/ipv4/tcp_refuses", "/proc/self/oom_score_adj");
  std::vector<tune::DropinSetting> settings = three_;
  settings.insert(settings.begin() + 1, {.name = "net.ipv4.tcp_refuses", .value = "nonsense"});
  const auto applied = apply(settings);
  ASSERT_TRUE(applied);
  EXPECT_TRUE(applied->failed());
  EXPECT_THAT(outcomes(*applied), ElementsAre(SettingOutcome::kSet, SettingOutcome::kRefused,
                                              SettingOutcome::kSet, SettingOutcome::kSet));
  EXPECT_THAT(applied->settings[1].error, HasSubstr("Invalid argument"));
  EXPECT_THAT(text(kDropin), Not(HasSubstr("tcp_refuses")));
  EXPECT_THAT(text(kDropin), HasSubstr("tcp_sack = 1"));
  ASSERT_TRUE(restore());
  EXPECT_EQ(value("net.ipv4.tcp_sack"), "0");
}

TEST_F(SysctlDropin, WhenAllIsRefusedNothingIsLeft) {
  root_.link("proc/sys/net/ipv4/tcp_refuses", "/proc/self/oom_score_adj");
  const auto applied = apply({{.name = "net.ipv4.tcp_refuses", .value = "nonsense"}});
  ASSERT_TRUE(applied);
  EXPECT_TRUE(applied->failed());
  EXPECT_FALSE(there(kDropin));
  EXPECT_FALSE(there(kBackup));
}

TEST_F(SysctlDropin, WhatTheKernelChangesIsSaid) {
  root_.link("proc/sys/net/ipv4/tcp_cuts", "/proc/thread-self/comm");
  const std::string former = value("net.ipv4.tcp_cuts");
  const auto applied = apply({{.name = "net.ipv4.tcp_cuts", .value = "abcdefghijklmnopqrst"}});
  ASSERT_TRUE(applied);
  EXPECT_FALSE(applied->failed());
  EXPECT_THAT(outcomes(*applied), ElementsAre(SettingOutcome::kAdjusted));
  EXPECT_EQ(applied->settings[0].actual, "abcdefghijklmno");
  ASSERT_TRUE(restore());
  EXPECT_EQ(value("net.ipv4.tcp_cuts"), former);
}

TEST_F(SysctlDropin, WhatCannotBeSetHereIsSaidAndNoFailure) {
  root_.file("proc/sys/net/core/rmem_max", "212992\n");
  ASSERT_EQ(::chmod((root_.path() / "proc/sys/net/core/rmem_max").c_str(), 0444), 0);
  const std::vector<tune::DropinSetting> settings{{.name = "net.core.rmem_max", .value = "1"},
                                                  {.name = "net.ipv4.tcp_gone", .value = "1"}};
  const auto applied = apply(settings);
  ASSERT_TRUE(applied);
  EXPECT_FALSE(applied->failed());
  EXPECT_THAT(outcomes(*applied), ElementsAre(SettingOutcome::kReadOnly, SettingOutcome::kAbsent));
  EXPECT_THAT(applied->settings[0].error, HasSubstr("its file is read-only"));
  EXPECT_EQ(value("net.core.rmem_max"), "212992");
  EXPECT_FALSE(there(kDropin));
  EXPECT_FALSE(there(kBackup));
}

TEST_F(SysctlDropin, WithoutABackupNothingIsChanged) {
  const std::string before = all();
  root_.file("var/lib/tcptrace", "no directory");
  const auto applied = apply(three_);
  ASSERT_FALSE(applied);
  EXPECT_EQ(all(), before);
  EXPECT_FALSE(there(kDropin));
}

TEST_F(SysctlDropin, ADropinThatCannotBeWrittenChangesNothing) {
  const std::string before = all();
  root_.directory(kDropin);
  EXPECT_THAT(apply(three_).error().what, HasSubstr("is not a regular file"));
  std::filesystem::remove_all(root_.path() / "etc");
  root_.file("etc/sysctl.d", "no directory");
  EXPECT_FALSE(apply(three_));
  EXPECT_EQ(all(), before);
  EXPECT_FALSE(there(kBackup));
}

// Where it leads might be another's file.
TEST_F(SysctlDropin, ALinkInThePlaceOfTheDropinIsNotFollowed) {
  root_.file("etc/other", "net.ipv4.tcp_sack = 0\n");
  root_.link(kDropin, "../other");
  EXPECT_FALSE(apply(three_));
  EXPECT_EQ(text("etc/other"), "net.ipv4.tcp_sack = 0\n");
}

TEST_F(SysctlDropin, ADamagedBackupIsNeitherUsedNorReplaced) {
  for (const char* const damage :
       {"", "{", "[]", "null", R"({"tcptrace_sysctl_backup": 2})",
        R"({"tcptrace_sysctl_backup":1})",
        R"({"tcptrace_sysctl_backup":1,"boot_id":"b-1","host":true,"netns":0,"netns_cookie":0,
            "dropin_written":true,"settings":[{"name":"../../etc/passwd","value":"x"}]})"}) {
    root_.file(kBackup, damage);
    const auto applied = apply(three_);
    ASSERT_FALSE(applied) << damage;
    EXPECT_THAT(applied.error().what, HasSubstr("is damaged")) << damage;
    EXPECT_FALSE(restore()) << damage;
    EXPECT_EQ(text(kBackup), damage);
    EXPECT_EQ(value("net.core.somaxconn"), "128");
  }
}

TEST_F(SysctlDropin, ASignalRollsBackWhatWasSet) {
  const std::string before = all();
  int asked = 0;
  const auto applied = apply_settings(target(), three_, [&] { return ++asked == 3; });
  ASSERT_TRUE(applied);
  EXPECT_TRUE(applied->interrupted);
  EXPECT_THAT(outcomes(*applied), ElementsAre(SettingOutcome::kRolledBack,
                                              SettingOutcome::kRolledBack, SettingOutcome::kLeft));
  EXPECT_EQ(all(), before);
  EXPECT_FALSE(there(kDropin));
  EXPECT_FALSE(there(kBackup));
}

// What was refused before the signal was never changed: it is no reason to keep the files.
TEST_F(SysctlDropin, ASignalAfterARefusalRollsBackToo) {
  const std::string before = all();
  root_.link("proc/sys/net/ipv4/tcp_refuses", "/proc/self/oom_score_adj");
  std::vector<tune::DropinSetting> settings = three_;
  settings.insert(settings.begin(), {.name = "net.ipv4.tcp_refuses", .value = "nonsense"});
  int asked = 0;
  const auto applied = apply_settings(target(), settings, [&] { return ++asked == 3; });
  ASSERT_TRUE(applied);
  EXPECT_TRUE(applied->interrupted);
  EXPECT_THAT(outcomes(*applied), ElementsAre(SettingOutcome::kRefused, SettingOutcome::kRolledBack,
                                              SettingOutcome::kLeft, SettingOutcome::kLeft));
  EXPECT_EQ(all(), before);
  EXPECT_FALSE(there(kDropin));
  EXPECT_FALSE(there(kBackup));
}

// The drop-in goes, so that the next boot does not set the rest; the backup stays.
TEST_F(SysctlDropin, WhatASignalCannotPutBackKeepsTheBackupAlone) {
  int asked = 0;
  const std::filesystem::path sack = root_.path() / "proc/sys/net/ipv4/tcp_sack";
  const auto applied = apply_settings(target(), three_, [&] {
    if (++asked == 3) {
      std::filesystem::remove(sack);
      std::filesystem::create_directory(sack);
    }
    return asked == 3;
  });
  ASSERT_TRUE(applied);
  EXPECT_TRUE(applied->failed());
  EXPECT_THAT(outcomes(*applied), ElementsAre(SettingOutcome::kRolledBack, SettingOutcome::kNotBack,
                                              SettingOutcome::kLeft));
  EXPECT_THAT(applied->settings[1].error, HasSubstr("Is a directory"));
  EXPECT_FALSE(there(kDropin));
  EXPECT_TRUE(there(kBackup));
  std::filesystem::remove(sack);
  root_.file("proc/sys/net/ipv4/tcp_sack", "1\n");
  ASSERT_TRUE(restore());
  EXPECT_EQ(value("net.ipv4.tcp_sack"), "0");
  EXPECT_FALSE(there(kBackup));
}

TEST_F(SysctlDropin, ASignalLeavesTheRunBeforeAsItWas) {
  ASSERT_TRUE(apply({{.name = "net.core.somaxconn", .value = "4096"}}));
  const std::string dropin = text(kDropin);
  const std::string backup = text(kBackup);
  ASSERT_TRUE(
      apply_settings(target(), {{.name = "net.ipv4.tcp_sack", .value = "1"}}, [] { return true; }));
  EXPECT_EQ(text(kDropin), dropin);
  EXPECT_EQ(text(kBackup), backup);
  EXPECT_EQ(value("net.core.somaxconn"), "4096");
}

// kill -9 before each of the settings in turn.
TEST_F(SysctlDropin, WhoeverIsKilledInBetweenCanBeUndone) {
  const std::string before = all();
  for (int killed_at = 1; killed_at <= 3; ++killed_at) {
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      int asked = 0;
      (void)apply_settings(target(), three_, [&] {
        if (++asked == killed_at) {
          ::raise(SIGKILL);
        }
        return false;
      });
      ::_exit(0);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status));
    EXPECT_TRUE(there(kDropin)) << killed_at;
    EXPECT_EQ(value("net.core.somaxconn"), killed_at == 1 ? "128" : "4096");
    const auto restored = restore();
    ASSERT_TRUE(restored) << restored.error().what;
    EXPECT_EQ(all(), before) << killed_at;
    EXPECT_FALSE(there(kDropin)) << killed_at;
    EXPECT_FALSE(there(kBackup)) << killed_at;
  }
}

TEST_F(SysctlDropin, WhatCannotBePutBackKeepsTheBackup) {
  ASSERT_TRUE(apply(three_));
  ASSERT_EQ(::chmod((root_.path() / "proc/sys/net/ipv4/tcp_sack").c_str(), 0444), 0);
  const auto restored = restore();
  ASSERT_TRUE(restored);
  EXPECT_TRUE(restored->failed());
  EXPECT_EQ(value("net.core.somaxconn"), "128");
  EXPECT_TRUE(there(kBackup));
  ASSERT_EQ(::chmod((root_.path() / "proc/sys/net/ipv4/tcp_sack").c_str(), 0644), 0);
  ASSERT_TRUE(restore());
  EXPECT_EQ(value("net.ipv4.tcp_sack"), "0");
  EXPECT_FALSE(there(kBackup));
}

TEST_F(SysctlDropin, ASettingThatIsGoneNeedsNoValue) {
  ASSERT_TRUE(apply(three_));
  std::filesystem::remove(root_.path() / "proc/sys/net/ipv4/tcp_sack");
  const auto restored = restore();
  ASSERT_TRUE(restored);
  EXPECT_FALSE(restored->failed());
  EXPECT_FALSE(there(kBackup));
}

TEST_F(SysctlDropin, AnEmptyValueComesBackEmpty) {
  root_.file("proc/sys/net/ipv4/ip_local_reserved_ports", "\n");
  ASSERT_TRUE(apply({{.name = "net.ipv4.ip_local_reserved_ports", .value = "18080"}}));
  EXPECT_EQ(value("net.ipv4.ip_local_reserved_ports"), "18080");
  ASSERT_TRUE(restore());
  EXPECT_EQ(text("proc/sys/net/ipv4/ip_local_reserved_ports"), "\n");
}

TEST_F(SysctlDropin, NamespacesHaveBackupsOfTheirOwn) {
  SettingsTarget blue = target(false);
  blue.owner.host = false;
  blue.owner.netns = 4026532177;
  blue.owner.cookie = 7;
  ASSERT_TRUE(apply_settings(blue, three_, [] { return false; }));
  EXPECT_TRUE(there("var/lib/tcptrace/sysctl-backup-netns-4026532177.json"));
  EXPECT_FALSE(there(kBackup));
  // The number is another namespace's by now.
  blue.owner.cookie = 8;
  EXPECT_FALSE(restore_settings(blue));
  blue.owner.cookie = 7;
  EXPECT_TRUE(restore_settings(blue));
}

// The host's come back at boot with the drop-in; a namespace's do not come back, and its number may
// be that of another by now.
TEST_F(SysctlDropin, OfANamespaceThatIsGoneOnlyTheDropinIsPutBack) {
  root_.file(kDropin, "# mine\n");
  SettingsTarget blue = target();
  blue.owner.host = false;
  blue.owner.netns = 4026532177;
  blue.owner.cookie = 7;
  ASSERT_TRUE(apply_settings(blue, three_, [] { return false; }));
  root_.file("proc/sys/net/core/somaxconn", "512\n");
  blue.owner.cookie = 8;
  const auto restored = restore_settings(blue);
  ASSERT_TRUE(restored) << restored.error().what;
  EXPECT_TRUE(restored->settings.empty());
  EXPECT_EQ(value("net.core.somaxconn"), "512");
  EXPECT_EQ(text(kDropin), "# mine\n");
  EXPECT_FALSE(restore_settings(blue));
}

TEST_F(SysctlDropin, TheDropinOfAnotherNamespaceIsNotTakenForTheFormerOne) {
  SettingsTarget blue = target();
  blue.owner.host = false;
  blue.owner.netns = 4026532177;
  ASSERT_TRUE(apply_settings(blue, three_, [] { return false; }));
  const std::string written = text(kDropin);
  const auto applied = apply({{.name = "net.core.somaxconn", .value = "8192"}});
  ASSERT_FALSE(applied);
  EXPECT_THAT(applied.error().what, HasSubstr("sysctl-backup-netns-4026532177.json"));
  ASSERT_FALSE(check_dropin_is_free(target())) << "what apply_settings() says is known before";
  EXPECT_EQ(check_dropin_is_free(target()).error().what, applied.error().what);
  EXPECT_TRUE(check_dropin_is_free(target(false)));
  EXPECT_TRUE(check_dropin_is_free(blue));
  EXPECT_EQ(text(kDropin), written);
  EXPECT_EQ(value("net.core.somaxconn"), "4096");
  ASSERT_TRUE(apply({{.name = "net.core.somaxconn", .value = "8192"}}, false));
  ASSERT_TRUE(restore());
  EXPECT_EQ(text(kDropin), written);
  ASSERT_TRUE(restore_settings(blue));
  EXPECT_TRUE(apply(three_));
}

TEST(SettingsOwner, OfTheRootItIsTheSameHoweverItIsNamed) {
  EXPECT_TRUE(is_own_root("/"));
  EXPECT_TRUE(is_own_root("/proc/.."));
  const FakeRoot tree;
  EXPECT_FALSE(is_own_root(tree.path()));
  EXPECT_FALSE(is_own_root(tree.path() / "none"));
  EXPECT_NE(settings_owner("/", false).netns, 0U);
}

TEST_F(SysctlDropin, TwoAtOnceWouldTakeEachOthersValuesForTheOriginals) {
  ASSERT_TRUE(apply(three_));
  {
    const UniqueFd other(::open((root_.path() / "var/lib/tcptrace").c_str(), O_RDONLY));
    ASSERT_EQ(::flock(other.get(), LOCK_EX), 0);
    for (const auto& result : {apply(three_), restore()}) {
      ASSERT_FALSE(result);
      EXPECT_THAT(result.error().what, HasSubstr("just now"));
    }
  }
  EXPECT_TRUE(restore());
}

TEST_F(SysctlDropin, NothingToSetLeavesNoTrace) {
  ASSERT_TRUE(apply({}));
  EXPECT_FALSE(there("var"));
  EXPECT_FALSE(there(kDropin));
  EXPECT_FALSE(restore());
  EXPECT_FALSE(there("var"));
}

TEST_F(SysctlDropin, AnOverrideIsSaidOfWhatIsApplied) {
  root_.file("etc/sysctl.conf", "net.ipv4.tcp_sack = 0\n");
  const auto applied = apply(three_);
  ASSERT_TRUE(applied);
  ASSERT_EQ(applied->overrides.size(), 1U);
  EXPECT_EQ(applied->overrides[0].name, "net.ipv4.tcp_sack");
}

}  // namespace
}  // namespace tcptrace::host
