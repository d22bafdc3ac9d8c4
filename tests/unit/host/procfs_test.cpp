// SPDX-License-Identifier: GPL-2.0
#include "host/procfs.h"

#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <optional>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/host/fake_root.h"

namespace tcptrace::host {
namespace {

using testing::ElementsAre;

TEST(ReadFile, ReadsWhatHasNoSize) {
  const auto text = read_file("/proc/self/stat");
  ASSERT_TRUE(text);
  EXPECT_TRUE(text->starts_with(std::to_string(::getpid())));
}

TEST(ReadFile, NamesThePathThatFails) {
  const auto text = read_file("/nonexistent/file");
  ASSERT_FALSE(text);
  EXPECT_EQ(text.error().errno_code, ENOENT);
  EXPECT_EQ(text.error().what, "cannot open /nonexistent/file: No such file or directory");
}

TEST(ProcfsText, LinesAndFields) {
  EXPECT_THAT(lines("a\n\nb"), ElementsAre("a", "", "b"));
  EXPECT_THAT(lines(""), ElementsAre());
  EXPECT_THAT(fields("  a\tbc  d "), ElementsAre("a", "bc", "d"));
  EXPECT_THAT(fields(" \t"), ElementsAre());
  EXPECT_EQ(status_value("Name:\tx\nTgid:\t12\n", "Tgid"), "12");
  EXPECT_EQ(status_value("NameX:\t1\n", "Name"), std::nullopt);
}

TEST(ProcfsText, NumbersAreWhole) {
  EXPECT_EQ(parse_number<std::uint32_t>("42"), 42U);
  EXPECT_EQ(parse_number<std::uint64_t>("ff", 16), 255U);
  EXPECT_EQ(parse_number<std::int64_t>("-1"), -1);
  EXPECT_EQ(parse_number<std::uint32_t>("-1"), std::nullopt);
  EXPECT_EQ(parse_number<std::uint32_t>("4294967296"), std::nullopt);
  EXPECT_EQ(parse_number<std::uint32_t>("1 "), std::nullopt);
  EXPECT_EQ(parse_number<std::uint32_t>(""), std::nullopt);
}

TEST(Processes, AreListedLowestFirst) {
  const FakeRoot root;
  root.process(812, "api", 1);
  root.process(2, "kthreadd", 1);
  root.file("proc/uptime", "1 1\n");
  EXPECT_THAT(list_pids(root.path()), ElementsAre(2U, 812U));
  EXPECT_EQ(thread_group(root.path(), 812), 812U);
  EXPECT_EQ(thread_group(root.path(), 99999), std::nullopt);
  EXPECT_EQ(comm_of(root.path(), 812), "api");
  EXPECT_EQ(comm_of(root.path(), 99999), "");
}

TEST(Processes, AreThoseOfTheKernelOnlyInTheInitialPidNamespace) {
  const FakeRoot host;
  host.link("proc/self/ns/pid", "pid:[4026531836]");
  EXPECT_TRUE(in_initial_pid_namespace(host.path()));
  const FakeRoot container;
  container.link("proc/self/ns/pid", "pid:[4026532461]");
  EXPECT_FALSE(in_initial_pid_namespace(container.path()));
}

TEST(Processes, AThreadBelongsToItsProcess) {
  std::uint32_t group = 0;
  std::thread([&] {
    group = thread_group("/", static_cast<std::uint32_t>(::gettid())).value_or(0);
  }).join();
  EXPECT_EQ(group, static_cast<std::uint32_t>(::getpid()));
}

}  // namespace
}  // namespace tcptrace::host
