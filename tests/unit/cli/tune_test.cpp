// SPDX-License-Identifier: GPL-2.0
// The command line of `tune`.
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/cli/fake_host.h"

namespace tcptrace::cli {
namespace {

using model::TuneAction;
using model::TuneProfile;
using testing::HasSubstr;
using Words = std::vector<std::string>;

TuneOptions tune_of(Words words) {
  words.insert(words.begin(), "tune");
  return options_of<TuneOptions>(words);
}

TEST(TuneCommand, NothingIsADryRunWithoutAProfile) {
  const TuneOptions options = tune_of({});
  EXPECT_EQ(options.action, TuneAction::kDryRun);
  EXPECT_EQ(options.profile, TuneProfile::kNone);
  EXPECT_FALSE(options.live_only || options.root || options.json || options.verbose);
}

TEST(TuneCommand, EveryOption) {
  const TuneOptions options = tune_of({"--apply", "--live-only", "--profile", "low-memory",
                                       "--root", "/mnt", "-Jv", "-oout", "--color", "never"});
  EXPECT_EQ(options.action, TuneAction::kApply);
  EXPECT_EQ(options.profile, TuneProfile::kLowMemory);
  EXPECT_TRUE(options.live_only && options.json && options.verbose);
  EXPECT_EQ(options.root, "/mnt");
  EXPECT_EQ(options.output, "out");
  EXPECT_EQ(options.color, ColorChoice::kNever);
  EXPECT_EQ(tune_of({"--restore"}).action, TuneAction::kRestore);
  EXPECT_EQ(tune_of({"--dry-run"}).action, TuneAction::kDryRun);
  EXPECT_EQ(tune_of({"--profile", "web"}).profile, TuneProfile::kWeb);
  EXPECT_EQ(tune_of({"--profile", "proxy"}).profile, TuneProfile::kProxy);
}

TEST(TuneCommand, ContradictionsAreRefused) {
  for (const Words& words : std::vector<Words>{
           {"--dry-run", "--apply"}, {"--apply", "--restore"}, {"--dry-run", "--restore"}}) {
    EXPECT_THAT(rejection({"tune", words[0], words[1]}), HasSubstr("exclude each other"));
  }
  EXPECT_THAT(rejection({"tune", "--restore", "--live-only"}), HasSubstr("excludes --live-only"));
  EXPECT_THAT(rejection({"tune", "--restore", "--profile", "web"}),
              HasSubstr("excludes --profile"));
  EXPECT_THAT(rejection({"tune", "--profile", "none"}), HasSubstr("web, proxy, low-memory"));
  EXPECT_THAT(rejection({"tune", "web"}), HasSubstr("web"));
}

TEST(TuneCommand, HasHelp) {
  EXPECT_THAT(printed({"tune", "--help"}), HasSubstr("Usage: tcptrace tune"));
}

}  // namespace
}  // namespace tcptrace::cli
