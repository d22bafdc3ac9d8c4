// SPDX-License-Identifier: GPL-2.0
#include "sink/whole_file.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <iterator>
#include <utility>

#include <fmt/core.h>
#include <gtest/gtest.h>

#include "base/unique_fd.h"
#include "support/files.h"

namespace tcptrace::sink {
namespace {

namespace fs = std::filesystem;
using test::contents;

class WholeFile : public testing::Test {
 protected:
  WholeFile() {
    std::string name = fs::temp_directory_path() / "tcptrace-whole-XXXXXX";
    directory = ::mkdtemp(name.data());
  }
  ~WholeFile() override { fs::remove_all(directory); }

  [[nodiscard]] std::size_t files() const {
    return static_cast<std::size_t>(
        std::distance(fs::directory_iterator(directory), fs::directory_iterator()));
  }

  fs::path directory;
};

TEST_F(WholeFile, ANewOneIsAsTheUmaskSays) {
  for (const auto& [mask, mode] : {std::pair(0022, 0644), std::pair(0077, 0600)}) {
    const fs::path path = directory / fmt::format("{:o}", mask);
    const mode_t before = ::umask(static_cast<mode_t>(mask));
    EXPECT_TRUE(check_whole_file(path));
    EXPECT_TRUE(write_whole_file(path, "hello\n"));
    ::umask(before);
    EXPECT_EQ(contents(path), "hello\n");
    EXPECT_EQ(fs::status(path).permissions(), static_cast<fs::perms>(mode));
  }
  EXPECT_EQ(files(), 2U);
}

TEST_F(WholeFile, WhatItReplacesGivesItModeAndOwner) {
  const fs::path path = directory / "a";
  ASSERT_TRUE(write_whole_file(path, "old"));
  const bool root = ::geteuid() == 0;
  ASSERT_TRUE(!root || ::chown(path.c_str(), 65534, 65533) == 0);
  ASSERT_EQ(::chmod(path.c_str(), 0640), 0);
  struct stat before {};
  struct stat after {};
  ASSERT_EQ(::stat(path.c_str(), &before), 0);
  ASSERT_TRUE(write_whole_file(path, "new"));
  ASSERT_EQ(::stat(path.c_str(), &after), 0);
  EXPECT_EQ(contents(path), "new");
  EXPECT_EQ(after.st_mode, before.st_mode);
  EXPECT_EQ(after.st_uid, before.st_uid);
  EXPECT_EQ(after.st_gid, before.st_gid);
  EXPECT_NE(after.st_ino, before.st_ino);
}

// A file that is on stdout is what the shell opened, with all that is in it.
TEST_F(WholeFile, ADescriptorIsWrittenTo) {
  const fs::path path = directory / "a";
  const UniqueFd open(::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  fs::create_symlink(fmt::format("/proc/self/fd/{}", open.get()), directory / "out");
  for (const std::string& name :
       {fmt::format("/dev/fd/{}", open.get()), (directory / "out").native()}) {
    ASSERT_TRUE(check_whole_file(name));
    ASSERT_TRUE(write_whole_file(name, name));
    EXPECT_EQ(contents(path), name);
    struct stat behind {};
    struct stat named {};
    ASSERT_EQ(::fstat(open.get(), &behind), 0);
    ASSERT_EQ(::stat(path.c_str(), &named), 0);
    EXPECT_EQ(behind.st_ino, named.st_ino) << name;
  }
  EXPECT_TRUE(fs::is_symlink(directory / "out"));
  EXPECT_EQ(files(), 2U);
}

TEST_F(WholeFile, WhatIsTooLongForTheDiskLeavesTheOldOne) {
  const fs::path path = directory / "a";
  ASSERT_TRUE(write_whole_file(path, "old"));
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const rlimit limit{.rlim_cur = 4, .rlim_max = 4};
    ::signal(SIGXFSZ, SIG_IGN);
    ::setrlimit(RLIMIT_FSIZE, &limit);
    ::_exit(write_whole_file(path, "new and longer") ? 0 : 7);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(WEXITSTATUS(status), 7);
  EXPECT_EQ(contents(path), "old");
  EXPECT_EQ(files(), 1U);
}

TEST_F(WholeFile, ReplacesAndWhoHasTheOldOneOpenKeepsIt) {
  const fs::path path = directory / "a";
  ASSERT_TRUE(write_whole_file(path, "old"));
  const UniqueFd old(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  ASSERT_TRUE(write_whole_file(path, "new"));
  EXPECT_EQ(contents(path), "new");
  char text[8] = {};
  EXPECT_EQ(::read(old.get(), text, sizeof text), 3);
  EXPECT_STREQ(text, "old");
}

TEST_F(WholeFile, OfASymbolicLinkWhatItPointsToIsReplaced) {
  const fs::path path = directory / "a";
  ASSERT_TRUE(write_whole_file(path, "old"));
  fs::create_symlink("a", directory / "link");
  ASSERT_TRUE(write_whole_file(directory / "link", "new"));
  EXPECT_TRUE(fs::is_symlink(directory / "link"));
  EXPECT_EQ(contents(path), "new");
}

TEST_F(WholeFile, WhatCannotBeWrittenLeavesNothingBehind) {
  EXPECT_FALSE(check_whole_file(directory / "no" / "a"));
  EXPECT_FALSE(write_whole_file(directory / "no" / "a", "x"));
  EXPECT_EQ(files(), 0U);
}

TEST_F(WholeFile, ADirectoryIsRefusedAsBadInput) {
  const auto checked = check_whole_file(directory);
  ASSERT_FALSE(checked);
  EXPECT_EQ(checked.error().status, ExitStatus::kUsage);
}

TEST_F(WholeFile, WhatIsNoRegularFileIsWrittenTo) {
  ASSERT_TRUE(check_whole_file("/dev/null"));
  ASSERT_TRUE(write_whole_file("/dev/null", "x"));
  EXPECT_TRUE(fs::is_character_file("/dev/null"));
}

}  // namespace
}  // namespace tcptrace::sink
