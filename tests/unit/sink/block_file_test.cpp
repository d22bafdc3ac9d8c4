// SPDX-License-Identifier: GPL-2.0
#include "sink/block_file.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>

#include <gtest/gtest.h>

#include "sink/file_source.h"
#include "support/files.h"

namespace tcptrace::sink {
namespace {

namespace fs = std::filesystem;
using test::contents;

Result<void> append(BlockFile& file, std::string_view text) {
  return file.append(std::as_bytes(std::span(text)));
}

class BlockFileTest : public testing::Test {
 protected:
  BlockFileTest() {
    std::string pattern = (fs::temp_directory_path() / "tcptrace-block-XXXXXX").native();
    directory_ = ::mkdtemp(pattern.data());
    path_ = directory_ / "recording";
  }
  ~BlockFileTest() override { fs::remove_all(directory_); }

  fs::path directory_;
  fs::path path_;
};

// The file may not grow beyond `bytes` while this lives.
class SizeLimit {
 public:
  explicit SizeLimit(rlim_t bytes) {
    ::signal(SIGXFSZ, SIG_IGN);
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit{.rlim_cur = bytes, .rlim_max = before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~SizeLimit() { ::setrlimit(RLIMIT_FSIZE, &before_); }
  SizeLimit(const SizeLimit&) = delete;
  SizeLimit& operator=(const SizeLimit&) = delete;

 private:
  rlimit before_{};
};

TEST_F(BlockFileTest, HasItsBlocksAndNothingFromBefore) {
  std::ofstream(path_) << "what was there before, and longer";
  auto file = BlockFile::create(path_);
  ASSERT_TRUE(file) << file.error().what;
  ASSERT_TRUE(append(*file, "one"));
  ASSERT_TRUE(append(*file, "two"));
  EXPECT_EQ(contents(path_), "onetwo");
}

TEST_F(BlockFileTest, ABlockThatDoesNotFitLeavesNothing) {
  auto file = BlockFile::create(path_);
  ASSERT_TRUE(file) << file.error().what;
  ASSERT_TRUE(append(*file, "one"));
  {
    const SizeLimit limit(5);
    const auto appended = append(*file, "too long");
    ASSERT_FALSE(appended);
    EXPECT_EQ(appended.error().what, "cannot write " + path_.native() + ": File too large");
  }
  EXPECT_EQ(contents(path_), "one");
  ASSERT_TRUE(append(*file, "two"));
  EXPECT_EQ(contents(path_), "onetwo");
}

TEST_F(BlockFileTest, IsARegularFile) {
  ASSERT_EQ(::mkfifo(path_.c_str(), 0600), 0);
  const int reader = ::open(path_.c_str(), O_RDONLY | O_NONBLOCK);
  EXPECT_EQ(BlockFile::create(path_).error().what, path_.native() + " is not a regular file");
  ::close(reader);
  EXPECT_EQ(BlockFile::create("/dev/null").error().what, "/dev/null is not a regular file");
  EXPECT_EQ(BlockFile::create("/no/such/file").error().what,
            "cannot open /no/such/file: No such file or directory");
}

TEST_F(BlockFileTest, ComesBackThroughASource) {
  std::ofstream(path_) << "0123456789";
  auto source = FileSource::open(path_);
  ASSERT_TRUE(source) << source.error().what;
  std::string text(6, '\0');
  const auto into = std::as_writable_bytes(std::span(text));
  EXPECT_EQ(source->read(into), 6U);
  EXPECT_EQ(text, "012345");
  EXPECT_EQ(source->read(into), 4U);
  EXPECT_EQ(text.substr(0, 4), "6789");
  EXPECT_EQ(source->read(into), 0U);
}

TEST_F(BlockFileTest, TheFirstByteCanBeLookedAt) {
  std::ofstream(path_) << "0123";
  auto source = FileSource::open(path_);
  ASSERT_TRUE(source) << source.error().what;
  EXPECT_EQ(source->first_byte().value(), std::byte{'0'});
  std::string text(6, '\0');
  EXPECT_EQ(source->read(std::as_writable_bytes(std::span(text))), 4U);
  EXPECT_EQ(text.substr(0, 4), "0123");
  auto none = FileSource::open("/dev/null");
  EXPECT_FALSE(none->first_byte().value());
}

TEST_F(BlockFileTest, ASourceThatIsNoneIsBadInput) {
  const auto missing = FileSource::open("/no/such/file");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().status, ExitStatus::kUsage);
  auto folder = FileSource::open(directory_);
  ASSERT_TRUE(folder);
  std::array<std::byte, 4> into{};
  EXPECT_EQ(folder->read(into).error().status, ExitStatus::kUsage);
}

}  // namespace
}  // namespace tcptrace::sink
