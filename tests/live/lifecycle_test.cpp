// SPDX-License-Identifier: GPL-2.0
// What stays behind, and what goes wrong with a clear word.
#include <unistd.h>

#include <algorithm>
#include <csignal>

#include <gtest/gtest.h>

#include "support/bpf_objects.h"
#include "support/tracer.h"

namespace tcptrace::live {
namespace {

class Refusals : public testing::Test {
 protected:
  void SetUp() override {
    skip_unless_family({"auto"}, "what fails before or behind the hooks fails with all of them");
  }
};

bool one_line(const std::string& text) {
  return std::ranges::count(text, '\n') == 1 && text.ends_with('\n');
}

TEST(Lifecycle, NothingStaysAfterSigkill) {
  Tracer own(std::vector<std::string>{});
  const auto objects = bpf_objects_of(own.pid());
  const auto held = [&](const char* kind) {
    return std::ranges::count_if(
        objects, [&](const BpfObject& object) { return object.kind == kind && exists(object); });
  };
  EXPECT_GT(held("prog"), 0);
  EXPECT_GT(held("map"), 0);
  own.signal(SIGKILL);
  EXPECT_EQ(own.join().status, 128 + SIGKILL);
  // Freed after a grace period.
  EXPECT_TRUE(wait_until([&] { return std::ranges::none_of(objects, exists); }, 10s));
}

TEST(Lifecycle, NothingStaysAfterANormalEnd) {
  Tracer own(std::vector<std::string>{});
  const auto objects = bpf_objects_of(own.pid());
  EXPECT_EQ(own.stop().status, 0);
  EXPECT_TRUE(wait_until([&] { return std::ranges::none_of(objects, exists); }, 10s));
}

TEST_F(Refusals, ClosedStdoutEndsQuietly) {
  Tracer own(std::vector<std::string>{"--duration", "20s"});
  own.close_stdout();
  const TracerExit end = own.stop();
  EXPECT_TRUE(end.status == 0 || end.status == 1) << end.status;
  EXPECT_TRUE(end.error.empty() || one_line(end.error)) << end.error;
}

TEST_F(Refusals, UnprivilegedUserIsToldSo) {
  Tracer own(TracerOptions{.arguments = {}, .user = kNobody});
  const TracerExit end = own.join();
  if (end.status == 127) {
    GTEST_SKIP() << "nobody may not run " << tracer_binary();
  }
  EXPECT_EQ(end.status, 3);
  EXPECT_TRUE(one_line(end.error)) << end.error;
  EXPECT_EQ(own.size(), 0U);
}

TEST_F(Refusals, FullDiskIsAFailure) {
  for (const bool as_stdout : {true, false}) {
    TracerOptions options;
    if (as_stdout) {
      options.stdout_path = "/dev/full";
    } else {
      options.arguments = {"-o", "/dev/full"};
    }
    Tracer own(options);
    const TracerExit end = own.join();
    EXPECT_EQ(end.status, 1);
    EXPECT_TRUE(one_line(end.error)) << end.error;
    EXPECT_NE(end.error.find("No space left"), std::string::npos) << end.error;
  }
}

TEST(Lifecycle, TextGoesToPeople) {
  Tracer own(TracerOptions{.arguments = {"--duration", "200ms"}, .json = false});
  EXPECT_EQ(own.join().status, 0);
  EXPECT_FALSE(own.text().empty());
  EXPECT_EQ(own.text().find('\x1b'), std::string::npos) << "colours into a pipe";
}

}  // namespace
}  // namespace tcptrace::live
