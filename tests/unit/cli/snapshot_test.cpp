// SPDX-License-Identifier: GPL-2.0
// The command line of `snapshot`.
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/cli/fake_host.h"

namespace tcptrace::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using Words = std::vector<std::string>;

SnapshotOptions snapshot_of(Words words) {
  words.insert(words.begin(), "snapshot");
  return options_of<SnapshotOptions>(words);
}

TEST(SnapshotCommand, NothingIsEverySocket) {
  const SnapshotOptions options = snapshot_of({});
  EXPECT_FALSE(options.states || options.listen || options.source || options.json ||
               options.output || options.verbose);
  EXPECT_TRUE(options.filter.pids.empty() && options.filter.ports.empty());
}

TEST(SnapshotCommand, OutputIsThatOfATrace) {
  const SnapshotOptions options = snapshot_of({"-HJv", "-oout", "--color", "always"});
  EXPECT_TRUE(options.json && options.verbose && !options.header);
  EXPECT_EQ(options.output, "out");
  EXPECT_EQ(options.color, ColorChoice::kAlways);
  EXPECT_EQ(snapshot_of({"-o-"}).output, std::nullopt);
}

TEST(SnapshotCommand, FiltersAreThoseOfATrace) {
  const SnapshotOptions options =
      snapshot_of({"-p", "812", "--comm", "api", "--netns", "blue", "--cgroup", "/api", "-L80",
                   "-D", "443", "-P", "1-2", "--addr", "10.0.0.0/8", "-4"});
  EXPECT_THAT(options.filter.pids, ElementsAre(812U));
  EXPECT_THAT(options.filter.comms, ElementsAre("api"));
  EXPECT_EQ(options.filter.ports.size(), 3U);
  EXPECT_EQ(options.filter.prefixes.size(), 1U);
  EXPECT_EQ(options.filter.family, model::Family::kIpv4);
}

TEST(SnapshotCommand, StatesInEverySpelling) {
  const auto expected = state_bit(model::TcpState::kFinWait1) | state_bit(model::TcpState::kListen);
  for (const char* text : {"fin_wait1,listen", "FIN_WAIT1,LISTEN", "fin-wait-1,listening"}) {
    EXPECT_EQ(snapshot_of({"--state", text}).states, expected) << text;
  }
  EXPECT_EQ(snapshot_of({"--state", "time-wait", "--state", "close_wait"}).states,
            state_bit(model::TcpState::kTimeWait) | state_bit(model::TcpState::kCloseWait));
}

TEST(SnapshotCommand, ListenIsThatState) {
  const SnapshotOptions options = snapshot_of({"--listen"});
  EXPECT_TRUE(options.listen);
  EXPECT_EQ(options.states, state_bit(model::TcpState::kListen));
}

TEST(SnapshotCommand, Sources) {
  EXPECT_EQ(snapshot_of({"--source", "iter"}).source, model::SocketSource::kIter);
  EXPECT_EQ(snapshot_of({"--source", "netlink"}).source, model::SocketSource::kNetlink);
  EXPECT_EQ(snapshot_of({"--source", "auto"}).source, std::nullopt);
}

TEST(SnapshotCommand, Rejections) {
  EXPECT_EQ(rejection({"snapshot", "--source", "ss"}),
            "tcptrace: --source: \"ss\" is not one of auto, iter, netlink\n");
  EXPECT_EQ(rejection({"snapshot", "--listen", "--state", "listen"}),
            "tcptrace: --listen and --state exclude each other\n");
  EXPECT_THAT(rejection({"snapshot", "--state", "fin_wait3"}),
              HasSubstr("--state: \"fin_wait3\" is not one of established, "));
  EXPECT_THAT(rejection({"snapshot", "--state", "fin_wait3"}), HasSubstr("did you mean"));
  EXPECT_THAT(rejection({"snapshot", "--events", "reset"}),
              HasSubstr("unknown option \"--events\""));
  EXPECT_THAT(rejection({"snapshot", "-d", "1"}), HasSubstr("unknown option \"-d\""));
  EXPECT_THAT(rejection({"snapsht"}), HasSubstr("did you mean snapshot?"));
}

TEST(SnapshotCommand, Help) {
  const std::string text = printed({"snapshot", "--help"});
  for (const char* part : {"Usage: tcptrace snapshot", "--state", "--source", "Exit status:"}) {
    EXPECT_THAT(text, HasSubstr(part));
  }
}

}  // namespace
}  // namespace tcptrace::cli
