// SPDX-License-Identifier: GPL-2.0
#include "kernel/settings.h"

#include <sys/socket.h>

#include <cstring>

#include <gtest/gtest.h>

namespace tcptrace::kernel {
namespace {

tt_config settings_for(const model::Filter& filter) {
  return make_settings(filter, Features{}, {}, 8U << 20);
}

constexpr std::uint32_t bit(tt_kind kind) { return 1U << static_cast<unsigned>(kind); }

TEST(Settings, DefaultSelectionIsResetsRetransmissionsAndFailures) {
  const tt_config settings = settings_for({});
  EXPECT_EQ(settings.kinds, bit(TT_KIND_RESET_SENT) | bit(TT_KIND_RESET_RECEIVED) |
                                bit(TT_KIND_RETRANSMIT) | bit(TT_KIND_SYNACK_RETRANSMIT) |
                                bit(TT_KIND_CONNECT) | bit(TT_KIND_CLOSE));
  EXPECT_EQ(settings.failures_only, bit(TT_KIND_CONNECT) | bit(TT_KIND_CLOSE));
}

TEST(Settings, AskingForConnectsReportsSuccessfulOnesToo) {
  model::Filter filter;
  filter.events = {.connect = true};
  const tt_config settings = settings_for(filter);
  EXPECT_EQ(settings.kinds, bit(TT_KIND_CONNECT));
  EXPECT_EQ(settings.failures_only, bit(TT_KIND_CLOSE));
}

TEST(Settings, NothingIsFilteredByDefault) {
  const tt_config settings = settings_for({});
  EXPECT_EQ(settings.pids + settings.comms + settings.netns + settings.cgroups +
                settings.local_ports + settings.peer_ports + settings.either_ports +
                settings.prefixes + settings.family,
            0U);
}

TEST(Settings, PortsAreCountedBySide) {
  model::Filter filter;
  filter.ports = {{.low = 80, .high = 80, .side = model::PortSide::kLocal},
                  {.low = 8000, .high = 8100, .side = model::PortSide::kLocal},
                  {.low = 443, .high = 443, .side = model::PortSide::kEither}};
  const tt_config settings = settings_for(filter);
  EXPECT_EQ(settings.port_ranges, 3U);
  EXPECT_EQ(settings.local_ports, 2U);
  EXPECT_EQ(settings.peer_ports, 0U);
  EXPECT_EQ(settings.either_ports, 1U);
  EXPECT_EQ(settings.port_range[1].low, 8000);
  EXPECT_EQ(settings.port_range[1].high, 8100);
  EXPECT_EQ(settings.port_range[1].side, TT_PORT_LOCAL);
}

TEST(Settings, PrefixLengthBecomesAMask) {
  model::Filter filter;
  model::Prefix prefix{.family = model::Family::kIpv4, .address = {}, .length = 20};
  prefix.address.bytes = {10, 1, 16, 0};
  filter.prefixes = {prefix};
  const tt_config settings = settings_for(filter);
  ASSERT_EQ(settings.prefixes, 1U);
  const unsigned char mask[4] = {0xff, 0xff, 0xf0, 0};
  EXPECT_EQ(std::memcmp(settings.prefix[0].mask, mask, 4), 0);
  EXPECT_EQ(settings.prefix[0].mask[1], 0U);
  EXPECT_EQ(settings.prefix[0].family, static_cast<std::uint32_t>(AF_INET));
}

TEST(Settings, EmptyPrefixMatchesItsWholeFamily) {
  model::Filter filter;
  filter.prefixes = {{.family = model::Family::kIpv6, .address = {}, .length = 0}};
  const tt_config settings = settings_for(filter);
  for (const std::uint32_t word : settings.prefix[0].mask) {
    EXPECT_EQ(word, 0U);
  }
}

TEST(Settings, CommIsCutAndTerminated) {
  model::Filter filter;
  filter.comms = {"a-name-longer-than-fifteen", "api"};
  const tt_config settings = settings_for(filter);
  EXPECT_EQ(settings.comms, 2U);
  EXPECT_STREQ(settings.comm[0], "a-name-longer-t");
  EXPECT_STREQ(settings.comm[1], "api");
}

TEST(Settings, VariantsTellHowTheEgressIsToBeRead) {
  const VariantRow announcing{.label = "a",
                              .family = model::AttachFamily::kFentry,
                              .programs = {},
                              .announces_replies = true};
  const VariantRow watching{.label = "b",
                            .family = model::AttachFamily::kTracepoint,
                            .programs = {},
                            .watches_egress = true};
  const Choice choices[] = {{.hook = nullptr, .variant = &announcing, .failures = {}},
                            {.hook = nullptr, .variant = &watching, .failures = {}},
                            {.hook = nullptr, .variant = nullptr, .failures = {}}};
  const tt_config settings = make_settings({}, Features{}, choices, 1U << 16);
  EXPECT_EQ(settings.track_egress, 1);
  EXPECT_EQ(settings.replies_announced, 1);
}

TEST(Features, HzIsTheTicksOfASecond) {
  // What CONFIG_HZ can be on x86 and arm64, and the values near to them.
  for (const std::uint32_t hz : {100U, 128U, 250U, 256U, 300U, 1000U, 1024U}) {
    EXPECT_EQ(hz_from_tick((1'000'000'000 + hz / 2) / hz), hz);
  }
}

TEST(Features, NoTickGivesNoHz) { EXPECT_EQ(hz_from_tick(0), 0U); }

}  // namespace
}  // namespace tcptrace::kernel
