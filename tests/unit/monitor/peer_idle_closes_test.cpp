// SPDX-License-Identifier: GPL-2.0
#include "monitor/peer_idle_closes.h"

#include <initializer_list>

#include <gtest/gtest.h>

namespace tcptrace::monitor {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

model::PeerEndpoint peer(std::uint16_t port = 80) {
  return {.netns = 1, .address = {{10, 0, 0, 9}}, .port = port};
}

PeerIdleCloses of(std::initializer_list<int> times_ms, bool presumed = false) {
  PeerIdleCloses closes(milliseconds(0));
  for (const int time : times_ms) {
    closes.add(peer(), milliseconds(time), presumed);
  }
  return closes;
}

TEST(PeerIdleCloses, ThatAgreeAreATimeout) {
  const auto found = of({5000, 5010, 4990, 5200, 900}).find(peer());
  ASSERT_TRUE(found);
  EXPECT_EQ(found->peer, peer());
  EXPECT_EQ(found->idle, milliseconds(5010));
  EXPECT_EQ(found->count, 4U);
  EXPECT_EQ(found->of, 4U) << "what ended within a second was not idle";
  EXPECT_FALSE(found->presumed);
}

TEST(PeerIdleCloses, OfTwoOrOfAllKindsAreNone) {
  EXPECT_FALSE(of({5000, 5000}).find(peer()));
  EXPECT_FALSE(of({2000, 5000, 9000, 15'000, 30'000}).find(peer()));
  EXPECT_FALSE(of({5000, 5000, 5000, 20'000, 30'000, 40'000}).find(peer())) << "half of them";
  EXPECT_FALSE(of({5000, 5000, 5000}).find(peer(81))) << "another peer";
}

TEST(PeerIdleCloses, AreSeenOnlyIfEnoughWereSeen) {
  PeerIdleCloses closes = of({5000, 5000, 5000}, true);
  ASSERT_TRUE(closes.find(peer()));
  EXPECT_TRUE(closes.find(peer())->presumed);
  for (int i = 0; i < 3; ++i) {
    closes.add(peer(), milliseconds(5000), false);
  }
  EXPECT_FALSE(closes.find(peer())->presumed);
}

TEST(PeerIdleCloses, AgreeAsFarAsTheyAreKnown) {
  PeerIdleCloses exact(milliseconds(0));
  PeerIdleCloses coarse(seconds(2));
  for (const int time : {3000, 4000, 5000}) {
    exact.add(peer(), milliseconds(time), true);
    coarse.add(peer(), milliseconds(time), true);
  }
  EXPECT_FALSE(exact.find(peer()));
  EXPECT_TRUE(coarse.find(peer()));
}

model::PeerIdleClose shortest(std::initializer_list<int> times_ms, bool presumed = false) {
  const auto found = of(times_ms, presumed).shortest();
  return found.empty() ? model::PeerIdleClose{} : found.front();
}

TEST(PeerIdleCloses, TheShortestThatAgreeCountBesideMoreThatAreLonger) {
  const auto two_servers =
      shortest({5000, 65'000, 5010, 65'000, 4990, 65'010, 65'000, 65'000, 65'000, 65'000});
  EXPECT_EQ(two_servers.peer, peer());
  EXPECT_EQ(two_servers.idle, milliseconds(5000));
  EXPECT_EQ(two_servers.count, 3U);
  EXPECT_EQ(two_servers.of, 10U);
  const auto one_early = shortest({1500, 65'000, 65'000, 65'000});
  EXPECT_EQ(one_early.idle, milliseconds(65'000)) << "one alone is no timeout";
  EXPECT_EQ(one_early.count, 3U);
}

TEST(PeerIdleCloses, TheShortestOfAllKindsIsNoTimeout) {
  const auto found = shortest({9000, 2000, 5000, 15'000, 30'000});
  EXPECT_EQ(found.count, 0U);
  EXPECT_EQ(found.of, 5U);
  EXPECT_EQ(found.idle, milliseconds(2000));
  EXPECT_EQ(shortest({}).of, 0U);
}

TEST(PeerIdleCloses, AreSeenWithinASecondToo) {
  const auto found = shortest({500, 5000, 510, 490});
  EXPECT_EQ(found.idle, milliseconds(500));
  EXPECT_EQ(found.count, 3U);
  EXPECT_EQ(shortest({5, 5, 5}).of, 0U) << "at once: the answer was the end";
  EXPECT_EQ(shortest({500, 500, 500}, true).of, 0U) << "that is not known so exactly";
}

TEST(PeerIdleCloses, AreListedByPeerAndBounded) {
  PeerIdleCloses closes(milliseconds(0));
  for (std::uint32_t netns = 0; netns <= PeerIdleCloses::kMaxPeers; ++netns) {
    for (int i = 0; i < 3; ++i) {
      model::PeerEndpoint one = peer();
      one.netns = netns;
      closes.add(one, seconds(5), false);
    }
  }
  EXPECT_EQ(closes.all().size(), PeerIdleCloses::kMaxPeers);
}

}  // namespace
}  // namespace tcptrace::monitor
