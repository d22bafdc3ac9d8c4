// SPDX-License-Identifier: GPL-2.0
#include "sink/command_queue.h"

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <string>

#include <fmt/core.h>
#include <gtest/gtest.h>

#include "base/clock.h"
#include "support/files.h"

namespace tcptrace::sink {
namespace {

using std::chrono::seconds;

class CommandQueueTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "tcptrace-cq-XXXXXX").native();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    directory_ = pattern;
  }
  void TearDown() override {
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
  }

  [[nodiscard]] std::string file() const { return (directory_ / "told").native(); }
  [[nodiscard]] std::string told() const { return test::contents(file()); }
  static void finish(CommandQueue& queue) { queue.finish(boot_time() + seconds(20)); }

 private:
  std::filesystem::path directory_;
};

TEST_F(CommandQueueTest, GivesEachItsTextInOrder) {
  CommandQueue queue(fmt::format("cat >>{}", file()), false);
  for (const char* text : {"one\n", "two\n", "three\n"}) {
    queue.push({.input = text, .environment = {}});
  }
  finish(queue);
  EXPECT_EQ(told(), "one\ntwo\nthree\n");
  EXPECT_TRUE(queue.idle());
  EXPECT_EQ(queue.failed(), 0U);
  EXPECT_EQ(queue.dropped(), 0U);
}

TEST_F(CommandQueueTest, WhatIsHandedOverIsNeverACommand) {
  CommandQueue queue(fmt::format(R"(printf '%s|' "$SUBJECT" "$PATH_SET" >>{})", file()), true);
  const std::string hostile = "$(touch /nonexistent/x); `id` \" ' \n";
  ::setenv("SUBJECT", "inherited", 1);
  queue.push({.input = hostile, .environment = {{"SUBJECT", hostile}, {"PATH_SET", "yes"}}});
  finish(queue);
  ::unsetenv("SUBJECT");
  EXPECT_EQ(told(), hostile + "|yes|");
}

TEST_F(CommandQueueTest, ALargeTextNeedsNoReader) {
  CommandQueue queue("true", false);
  queue.push({.input = std::string(1U << 20U, 'x'), .environment = {}});
  finish(queue);
  EXPECT_EQ(queue.failed(), 0U);
}

TEST_F(CommandQueueTest, CountsWhatFailsAndKeepsTheFirstReason) {
  CommandQueue queue(fmt::format("read n; echo $n >>{}; kill -s TERM $$ 2>/dev/null", file()),
                     true);
  queue.push({.input = "1\n", .environment = {}});
  finish(queue);
  CommandQueue other("exit 7", true);
  other.push({});
  other.push({});
  finish(other);
  EXPECT_EQ(queue.failure(), "was ended by signal 15");
  EXPECT_EQ(other.failed(), 2U);
  EXPECT_EQ(other.failure(), "has exit status 7");
}

TEST_F(CommandQueueTest, DropsWhatIsTooMuch) {
  CommandQueue queue("sleep 60", true);
  queue.push({});
  queue.advance(boot_time());
  for (std::size_t i = 0; i < CommandQueue::kMaxWaiting + 5; ++i) {
    queue.push({});
  }
  EXPECT_EQ(queue.dropped(), 5U);
  EXPECT_GE(queue.fd(), 0);
  queue.finish(boot_time());
  EXPECT_EQ(queue.dropped(), 5U + CommandQueue::kMaxWaiting);
  EXPECT_EQ(queue.failed(), 1U);
  EXPECT_EQ(queue.failure(), "was still running at the end and was ended");
  EXPECT_TRUE(queue.idle());
}

TEST_F(CommandQueueTest, StartsNothingThatHasNoTime) {
  CommandQueue queue(fmt::format("touch {}", file()), true);
  queue.push({});
  queue.finish(boot_time());
  EXPECT_EQ(queue.dropped(), 1U);
  EXPECT_EQ(queue.failed(), 0U);
}

TEST_F(CommandQueueTest, EndsWhatTakesTooLongWithItsChildren) {
  CommandQueue queue(fmt::format("sleep 60 & echo $! >{}; wait", file()), true);
  queue.push({});
  queue.advance(boot_time());
  const auto deadline = boot_time() + seconds(20);
  while (!told().ends_with('\n')) {
    ASSERT_LT(boot_time(), deadline);
  }
  queue.advance(boot_time() + CommandQueue::kTimeLimit);
  finish(queue);
  EXPECT_EQ(queue.failure(), "took longer than 30 s and was ended");
  const std::string stat = "/proc/" + told().substr(0, told().size() - 1) + "/stat";
  const auto runs = [&stat] {
    const std::string text = test::contents(stat);
    return !text.empty() && text.find(") Z ") == std::string::npos;
  };
  while (runs()) {
    ASSERT_LT(boot_time(), deadline);
  }
}

}  // namespace
}  // namespace tcptrace::sink
