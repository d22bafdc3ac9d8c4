// SPDX-License-Identifier: GPL-2.0
// The command line of `analyze`.
#include <chrono>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/cli/fake_host.h"

namespace tcptrace::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;
using Words = std::vector<std::string>;

AnalyzeOptions analyze_of(Words words) {
  words.insert(words.begin(), "analyze");
  return options_of<AnalyzeOptions>(words);
}

std::string refused(Words words) {
  words.insert(words.begin(), "analyze");
  return rejection(words);
}

TEST(AnalyzeCommand, NothingIsTheWholeHostOnce) {
  const AnalyzeOptions options = analyze_of({});
  EXPECT_FALSE(options.interval || options.source || options.json || options.output ||
               options.verbose);
  EXPECT_EQ(options.top, 10U);
  EXPECT_THAT(options.netns, IsEmpty());
}

TEST(AnalyzeCommand, EveryOption) {
  const AnalyzeOptions options =
      analyze_of({"-n", "3", "-i", "10s", "--netns", "4026531840,5", "--source", "netlink", "-Jv",
                  "-o", "out", "--color", "never"});
  EXPECT_EQ(options.top, 3U);
  EXPECT_EQ(options.interval, std::chrono::seconds(10));
  EXPECT_THAT(options.netns, ElementsAre(4026531840U, 5U));
  EXPECT_EQ(options.source, model::SocketSource::kNetlink);
  EXPECT_TRUE(options.json && options.verbose);
  EXPECT_EQ(options.output, "out");
  EXPECT_EQ(options.color, ColorChoice::kNever);
  EXPECT_EQ(analyze_of({"--source", "auto"}).source, std::nullopt);
}

TEST(AnalyzeCommand, BadValuesNameTheirOption) {
  for (const auto& [option, value] :
       {std::pair{"--top", "0"}, std::pair{"--top", "100001"}, std::pair{"--top", "ten"},
        std::pair{"--interval", "0"}, std::pair{"--interval", "99ms"},
        std::pair{"--interval", "61m"}, std::pair{"--interval", "soon"}, std::pair{"--netns", ""},
        std::pair{"--source", "ss"}, std::pair{"--color", "red"}, std::pair{"--output", ""}}) {
    EXPECT_THAT(refused({option, value}), StartsWith(std::string("tcptrace: ") + option));
  }
}

TEST(AnalyzeCommand, WhatItDoesNotKnowIsRefused) {
  EXPECT_THAT(refused({"everything"}), HasSubstr("\"everything\""));
  EXPECT_THAT(refused({"--pid", "812"}), HasSubstr("\"--pid\""));
  EXPECT_THAT(refused({"--intervall", "1s"}), HasSubstr("--interval"));
}

}  // namespace
}  // namespace tcptrace::cli
