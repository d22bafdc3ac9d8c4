// SPDX-License-Identifier: GPL-2.0
#include "trace/filter.h"

#include <gtest/gtest.h>

#include "support/samples.h"

namespace tcptrace::trace {
namespace {

using model::Family;
using model::Filter;
using model::PortSide;

// Port 8080 on 10.0.0.5, peer 41822 on 10.0.0.9, of process 812 (api) in cgroup 4711.
const model::Event& sample() {
  static const model::Event k_sample = samples::reset_sent();
  return k_sample;
}

bool matches_sample(const Filter& filter) {
  return matches(filter, sample().connection, &*sample().owner);
}

bool matches_without_owner(const Filter& filter) {
  return matches(filter, sample().connection, nullptr);
}

Filter ports(std::vector<model::PortRange> ranges) {
  Filter filter;
  filter.ports = std::move(ranges);
  return filter;
}

Filter prefix(model::Address address, std::uint8_t length, Family family = Family::kIpv4) {
  Filter filter;
  filter.prefixes = {{.family = family, .address = address, .length = length}};
  return filter;
}

TEST(MatchFilter, WithoutConditionsEverythingMatches) {
  EXPECT_TRUE(matches_sample({}));
  EXPECT_TRUE(matches_without_owner({}));
}

TEST(MatchFilter, OfOneKindAnySuffices) {
  Filter filter;
  filter.pids = {1, 812};
  filter.comms = {"nginx", "api"};
  filter.cgroups = {1, 4711};
  filter.netns = {1, 4026531840};
  EXPECT_TRUE(matches_sample(filter));
}

TEST(MatchFilter, OfDifferentKindsAllAreRequired) {
  Filter good;
  good.pids = {812};
  good.comms = {"api"};
  good.cgroups = {4711};
  good.netns = {4026531840};
  good.family = Family::kIpv4;
  EXPECT_TRUE(matches_sample(good));
  for (const auto spoil : {+[](Filter& filter) { filter.pids = {813}; },
                           +[](Filter& filter) { filter.comms = {"ap"}; },
                           +[](Filter& filter) { filter.cgroups = {4712}; },
                           +[](Filter& filter) { filter.netns = {4026531841}; },
                           +[](Filter& filter) { filter.family = Family::kIpv6; }}) {
    Filter filter = good;
    spoil(filter);
    EXPECT_FALSE(matches_sample(filter));
  }
}

TEST(MatchFilter, WithoutAnOwnerNoConditionOnAProcessHolds) {
  Filter filter;
  filter.pids = {0};
  EXPECT_FALSE(matches_without_owner(filter));
  filter = {};
  filter.comms = {"api"};
  EXPECT_FALSE(matches_without_owner(filter));
  filter = {};
  filter.cgroups = {4711};
  EXPECT_FALSE(matches_without_owner(filter));
}

TEST(MatchFilter, ARangeOfPortsIncludesBothEnds) {
  EXPECT_TRUE(matches_sample(ports({{8080, 8090, PortSide::kLocal}})));
  EXPECT_TRUE(matches_sample(ports({{8000, 8080, PortSide::kLocal}})));
  EXPECT_FALSE(matches_sample(ports({{8081, 65535, PortSide::kLocal}})));
  EXPECT_FALSE(matches_sample(ports({{0, 8079, PortSide::kLocal}})));
}

TEST(MatchFilter, APortHasItsSide) {
  EXPECT_FALSE(matches_sample(ports({{8080, 8080, PortSide::kPeer}})));
  EXPECT_TRUE(matches_sample(ports({{41822, 41822, PortSide::kPeer}})));
  EXPECT_FALSE(matches_sample(ports({{41822, 41822, PortSide::kLocal}})));
  EXPECT_TRUE(matches_sample(ports({{41822, 41822, PortSide::kEither}})));
  EXPECT_TRUE(matches_sample(ports({{8080, 8080, PortSide::kEither}})));
}

TEST(MatchFilter, LocalPeerAndEitherPortsAreThreeKinds) {
  EXPECT_TRUE(
      matches_sample(ports({{8080, 8080, PortSide::kLocal}, {41822, 41822, PortSide::kPeer}})));
  EXPECT_FALSE(matches_sample(ports({{8080, 8080, PortSide::kLocal}, {1, 1, PortSide::kPeer}})));
  EXPECT_FALSE(matches_sample(ports({{8080, 8080, PortSide::kLocal}, {1, 1, PortSide::kEither}})));
  EXPECT_TRUE(matches_sample(ports({{8080, 8080, PortSide::kLocal}, {1, 1, PortSide::kLocal}})));
}

TEST(MatchFilter, APrefixMatchesEitherAddress) {
  EXPECT_TRUE(matches_sample(prefix(samples::ipv4(10, 0, 0, 5), 32)));
  EXPECT_TRUE(matches_sample(prefix(samples::ipv4(10, 0, 0, 9), 32)));
  EXPECT_FALSE(matches_sample(prefix(samples::ipv4(10, 0, 0, 6), 32)));
}

TEST(MatchFilter, APrefixIsComparedToItsLastBit) {
  EXPECT_TRUE(matches_sample(prefix(samples::ipv4(10, 0, 0, 8), 29)));
  EXPECT_FALSE(matches_sample(prefix(samples::ipv4(10, 0, 0, 16), 28)));
  EXPECT_TRUE(matches_sample(prefix(samples::ipv4(10, 0, 0, 0), 8)));
  EXPECT_TRUE(matches_sample(prefix({}, 0)));
}

TEST(MatchFilter, APrefixIsOfOneFamily) {
  EXPECT_FALSE(matches_sample(prefix({}, 0, Family::kIpv6)));
  const model::Connection ipv6 = samples::reset_by_another_task().connection;
  EXPECT_TRUE(matches(prefix({}, 0, Family::kIpv6), ipv6, nullptr));
  EXPECT_FALSE(matches(prefix({}, 0), ipv6, nullptr));
  EXPECT_TRUE(matches(prefix(ipv6.local, 128, Family::kIpv6), ipv6, nullptr));
  model::Address neighbour = ipv6.local;
  neighbour.bytes.back() ^= 1;
  EXPECT_FALSE(matches(prefix(neighbour, 128, Family::kIpv6), ipv6, nullptr));
  EXPECT_TRUE(matches(prefix(samples::reset_by_another_task().connection.peer, 128, Family::kIpv6),
                      ipv6, nullptr));
}

model::Event ending(model::EventKind kind, model::TcpState state, std::uint32_t err) {
  model::Event event;
  event.kind = kind;
  event.connection.state = state;
  event.err = err;
  event.info.emplace().sk_err = err;
  return event;
}

TEST(SelectEvents, EachKindIsAskedForByItself) {
  using model::EventKind;
  model::Event event;
  const auto selected = [&](EventKind kind, const model::EventSelection& selection) {
    event.kind = kind;
    return selects(selection, event);
  };
  EXPECT_TRUE(selected(EventKind::kState, {.state = true}));
  EXPECT_TRUE(selected(EventKind::kAccept, {.accept = true}));
  EXPECT_TRUE(selected(EventKind::kRetransmit, {.retransmit = true}));
  EXPECT_TRUE(selected(EventKind::kResetSent, {.reset = true}));
  EXPECT_TRUE(selected(EventKind::kResetReceived, {.reset = true}));
  EXPECT_TRUE(selected(EventKind::kConnect, {.connect = true}));
  EXPECT_TRUE(selected(EventKind::kClose, {.close = true}));
  EXPECT_FALSE(selected(EventKind::kResetSent, {.retransmit = true, .failure = true}));
  EXPECT_FALSE(selected(EventKind::kState, {}));
}

TEST(SelectEvents, AFailureIsAConnectThatFailed) {
  using model::EventKind;
  using model::TcpState;
  const model::EventSelection failures{.failure = true};
  EXPECT_FALSE(selects(failures, ending(EventKind::kConnect, TcpState::kEstablished, 0)));
  model::Event failed = ending(EventKind::kConnect, TcpState::kClose, 110);
  EXPECT_TRUE(selects(failures, failed));
  failed.err = 0;  // abandoned
  EXPECT_TRUE(selects(failures, failed));
  failed.reset_received = true;
  EXPECT_FALSE(selects(failures, failed));
  EXPECT_TRUE(selects({.connect = true}, failed));
}

TEST(SelectEvents, AFailureIsAnEndInAnErrorWithoutAReset) {
  using model::EventKind;
  using model::TcpState;
  const model::EventSelection failures{.failure = true};
  EXPECT_FALSE(selects(failures, ending(EventKind::kClose, TcpState::kClose, 0)));
  model::Event failed = ending(EventKind::kClose, TcpState::kClose, 110);
  EXPECT_TRUE(selects(failures, failed));
  // Only queued: the kernel side looks at it when it reports the change of state anyway.
  failed.info->sk_err = 0;
  EXPECT_FALSE(selects(failures, failed));
  EXPECT_TRUE(selects({.failure = true, .state = true}, failed));
  failed.info->sk_err = 110;
  failed.reset_sent = true;
  EXPECT_FALSE(selects(failures, failed));
  EXPECT_TRUE(selects({.close = true}, failed));
}

}  // namespace
}  // namespace tcptrace::trace
