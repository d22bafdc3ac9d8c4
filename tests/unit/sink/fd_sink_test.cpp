// SPDX-License-Identifier: GPL-2.0
#include "sink/fd_sink.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include "support/files.h"

namespace tcptrace::sink {
namespace {

namespace fs = std::filesystem;
using test::contents;

struct Pipe {
  Pipe() {
    std::array<int, 2> ends{};
    EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
    reader.reset(ends[0]);
    writer.reset(ends[1]);
  }
  UniqueFd reader, writer;
};

class FdSinkTest : public testing::Test {
 protected:
  FdSinkTest() {
    ::signal(SIGPIPE, SIG_IGN);
    std::string pattern = (fs::temp_directory_path() / "tcptrace-sink-XXXXXX").native();
    directory_ = ::mkdtemp(pattern.data());
  }
  ~FdSinkTest() override { fs::remove_all(directory_); }

  fs::path directory_;
};

TEST_F(FdSinkTest, AFileHasItsLinesAfterFlush) {
  const fs::path path = directory_ / "out.json";
  std::ofstream(path) << "what was there before, and longer";
  auto sink = open_file(path, -1);
  ASSERT_TRUE(sink) << sink.error().what;
  ASSERT_TRUE((*sink)->write("one\n"));
  ASSERT_TRUE((*sink)->write("two\n"));
  ASSERT_TRUE((*sink)->flush());
  EXPECT_EQ(contents(path), "one\ntwo\n");
  EXPECT_EQ((*sink)->lost_lines(), 0U);
}

TEST_F(FdSinkTest, ANewFileIsNotForOthersToWrite) {
  const fs::path path = directory_ / "new";
  ASSERT_TRUE(open_file(path, -1));
  struct stat status {};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777 & ~0644U, 0U);
}

TEST_F(FdSinkTest, AFileThatCannotBeOpenedIsNamed) {
  EXPECT_EQ(open_file("/nonexistent/out", -1).error().what,
            "cannot open /nonexistent/out: No such file or directory");
  EXPECT_EQ(open_file(directory_, -1).error().what,
            "cannot open " + directory_.native() + ": Is a directory");
}

TEST_F(FdSinkTest, AFullDiskIsOneErrorAndEveryLineIsCounted) {
  auto sink = open_file("/dev/full", -1);
  ASSERT_TRUE(sink);
  ASSERT_TRUE((*sink)->write("one\ntwo\n"));
  const auto flushed = (*sink)->flush();
  ASSERT_FALSE(flushed);
  EXPECT_EQ(flushed.error().what, "cannot write /dev/full: No space left on device");
  EXPECT_EQ(flushed.error().hint, "2 lines not written");
  EXPECT_EQ(flushed.error().status, ExitStatus::kFailed);
  EXPECT_FALSE(output_closed(flushed.error()));
  EXPECT_FALSE((*sink)->write("three\n"));
  EXPECT_FALSE((*sink)->flush());
  EXPECT_EQ((*sink)->lost_lines(), 3U);
}

// A limit on the size of files stops a write half way, as a full disk does.
TEST_F(FdSinkTest, APartialWriteLeavesOnlyWholeLines) {
  ::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const fs::path path = directory_ / "partial";
  auto sink = open_file(path, -1);
  ASSERT_TRUE(sink);
  const rlimit limit{.rlim_cur = 25, .rlim_max = before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &limit), 0);
  ASSERT_TRUE((*sink)->write("{\"n\":1111}\n{\"n\":2222}\n{\"n\":3333}\n{\"n\":4444}\n"));
  const auto flushed = (*sink)->flush();
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  ASSERT_FALSE(flushed);
  EXPECT_EQ(contents(path), "{\"n\":1111}\n{\"n\":2222}\n");
  EXPECT_EQ((*sink)->lost_lines(), 2U);
}

TEST_F(FdSinkTest, AReaderThatWentAwayIsNoOrdinaryFailure) {
  Pipe pipe;
  pipe.reader.reset();
  FdSink sink(std::move(pipe.writer), "stdout", -1);
  ASSERT_TRUE(sink.write("one\n"));
  const auto flushed = sink.flush();
  ASSERT_FALSE(flushed);
  EXPECT_TRUE(output_closed(flushed.error()));
  EXPECT_FALSE(output_interrupted(flushed.error()));
}

TEST_F(FdSinkTest, AReaderThatTakesNothingDoesNotOutlastASignal) {
  Pipe output;
  const Pipe interrupt;
  FdSink sink(std::move(output.writer), "stdout", interrupt.reader.get());
  // Interrupted or not, what the reader has room for goes through.
  ASSERT_EQ(::write(interrupt.writer.get(), "x", 1), 1);
  ASSERT_TRUE(sink.write("one\n"));
  ASSERT_TRUE(sink.flush());
  const auto flushed = sink.write(std::string(1 << 20, 'x') + "\n");
  ASSERT_FALSE(flushed);
  EXPECT_TRUE(output_interrupted(flushed.error()));
  EXPECT_EQ(sink.lost_lines(), 1U);
}

TEST_F(FdSinkTest, ASlowReaderGetsEverything) {
  Pipe pipe;
  // Not blocking, as a shell may leave it.
  ::fcntl(pipe.writer.get(), F_SETFL, O_NONBLOCK);
  std::string received;
  std::thread reader([&] {
    std::array<char, 777> chunk{};
    for (ssize_t n = 0; (n = ::read(pipe.reader.get(), chunk.data(), chunk.size())) > 0;) {
      received.append(chunk.data(), static_cast<std::size_t>(n));
    }
  });
  std::string sent;
  {
    FdSink sink(std::move(pipe.writer), "stdout", -1);
    for (int i = 0; i < 50'000; ++i) {
      const std::string line = "line " + std::to_string(i) + "\n";
      sent += line;
      EXPECT_TRUE(sink.write(line));
    }
    EXPECT_TRUE(sink.flush());
  }
  reader.join();
  EXPECT_EQ(received, sent);
}

TEST_F(FdSinkTest, ALargeBatchDoesNotWaitForFlush) {
  const fs::path path = directory_ / "large";
  auto sink = open_file(path, -1);
  ASSERT_TRUE(sink);
  ASSERT_TRUE((*sink)->write(std::string(200'000, 'x') + "\n"));
  EXPECT_EQ(fs::file_size(path), 200'001U);
}

TEST_F(FdSinkTest, StdoutIsLeftOpen) {
  { ASSERT_TRUE(open_stdout(-1)); }
  EXPECT_NE(::fcntl(STDOUT_FILENO, F_GETFD), -1);
}

}  // namespace
}  // namespace tcptrace::sink
