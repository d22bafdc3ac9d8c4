// SPDX-License-Identifier: GPL-2.0
#include "report/worst_connections.h"

#include <gtest/gtest.h>

#include "support/samples.h"

namespace tcptrace::report {
namespace {

using namespace std::chrono_literals;

model::Event reset(std::uint32_t retransmits, std::uint32_t rtt_us) {
  model::Event event = samples::reset_received();
  event.info->total_retrans = retransmits;
  event.info->rtt_us = 10;
  event.history = {{.boot_time = event.boot_time - 2s, .rtt_us = rtt_us},
                   {.boot_time = event.boot_time - 1s, .rtt_us = 20}};
  return event;
}

TEST(WorstConnections, MostRetransmissionsFirstThenTheLongestRoundTrip) {
  WorstConnections worst;
  worst.add(reset(1, 900), "a", 0s);
  worst.add(reset(3, 100), "b", 0s);
  worst.add(reset(1, 1000), "c", 0s);
  ASSERT_EQ(worst.connections().size(), 3U);
  EXPECT_EQ(worst.connections()[0].host, "b");
  EXPECT_EQ(worst.connections()[0].retransmits, 3U);
  EXPECT_EQ(worst.connections()[1].host, "c");
  EXPECT_EQ(worst.connections()[1].max_rtt_us, 1000U);
  EXPECT_EQ(worst.connections()[2].host, "a");
}

TEST(WorstConnections, KeepsAFewOfMany) {
  WorstConnections worst;
  for (std::uint32_t i = 0; i < 1000; ++i) {
    worst.add(reset(i, 100), "host", 0s);
  }
  EXPECT_EQ(worst.seen(), 1000U);
  ASSERT_EQ(worst.connections().size(), WorstConnections::kKept);
  EXPECT_EQ(worst.connections().front().retransmits, 999U);
  EXPECT_EQ(worst.connections().back().retransmits, 1000U - WorstConnections::kKept);
}

TEST(WorstConnections, TimesAreThoseOfTheWallAndTheResetIsTheLastSample) {
  WorstConnections worst;
  const model::Event event = reset(2, 100);
  worst.add(event, "host", 1h);
  const model::Event& kept = worst.connections().front().event;
  EXPECT_EQ(kept.boot_time, event.boot_time + 1h);
  ASSERT_EQ(kept.history.size(), 3U);
  EXPECT_EQ(kept.history.front().boot_time, event.boot_time + 1h - 2s);
  EXPECT_EQ(kept.history.back().boot_time, kept.boot_time);
  EXPECT_EQ(kept.history.back().total_retrans, 2U);
  EXPECT_EQ(kept.history.back().rtt_us, 10U);
}

TEST(WorstConnections, WhatTheInfoOfAListenerSaysIsNoSample) {
  WorstConnections worst;
  model::Event event = reset(7, 100);
  event.connection.role = model::Role::kListener;
  worst.add(event, "host", 0s);
  EXPECT_EQ(worst.connections().front().event.history.size(), 2U);
  EXPECT_EQ(worst.connections().front().retransmits, 0U);
}

}  // namespace
}  // namespace tcptrace::report
