// SPDX-License-Identifier: GPL-2.0
// What a load is warned of, and what is refused.
#include "stress/load_guard.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tcptrace::stress {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

model::LoadOptions to(const char* host) {
  model::LoadOptions options;
  options.target = {.host = host, .port = 80};
  return options;
}

LoadPlan plan_of(const model::LoadOptions& options) {
  auto plan = make_plan(options);
  EXPECT_TRUE(plan) << (plan ? "" : plan.error().what);
  return plan ? *plan : LoadPlan{};
}

model::LoadLimits roomy() {
  model::LoadLimits limits;
  limits.open_files = 100'000;
  return limits;
}

TEST(LoadGuard, OnesOwnMachineMayBeLoadedAtAnyRate) {
  for (const char* host : {"127.0.0.1", "::1", "127.8.9.1"}) {
    EXPECT_TRUE(check_permission(plan_of(to(host)), false)) << host;
  }
}

TEST(LoadGuard, AnotherMachineMayNotWithoutYes) {
  model::LoadOptions options = to("192.0.2.1");
  const auto refused = check_permission(plan_of(options), false);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().status, ExitStatus::kUsage);
  EXPECT_EQ(refused.error().what,
            "as many connections/s as possible to 192.0.2.1:80, which is not loopback");
  EXPECT_TRUE(check_permission(plan_of(options), true));
  options.rate = 1000;
  EXPECT_TRUE(check_permission(plan_of(options), false));
  options.rate = 1001;
  const auto fast = check_permission(plan_of(options), false);
  ASSERT_FALSE(fast);
  EXPECT_EQ(fast.error().what, "--rate: 1001 connections/s to 192.0.2.1:80, which is not loopback");
  EXPECT_THAT(fast.error().hint, HasSubstr("--yes"));
}

TEST(LoadGuard, TooFewOpenFilesAreRefusedWithWhatIsPossible) {
  model::LoadOptions options = to("127.0.0.1");
  options.connections = 30'000;
  options.threads = 2;
  options.close = model::CloseStyle::kRst;
  LoadPlan plan = plan_of(options);
  model::LoadLimits limits = roomy();
  limits.ports = 64'000;
  limits.open_files = 20'000;
  limits.files_open = 8;
  const auto refused = check_limits(plan, limits);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().status, ExitStatus::kUsage);
  EXPECT_EQ(refused.error().what,
            "--connections: 30,000 at once need 30,034 open files, and this process may have "
            "20,000");
  EXPECT_THAT(refused.error().hint, HasSubstr("at most 19,966"));
}

TEST(LoadGuard, WhatARateWouldNeedIsLoweredToWhatThereIs) {
  model::LoadOptions options = to("127.0.0.1");
  options.rate = 10'000;
  options.threads = 1;
  LoadPlan plan = plan_of(options);
  EXPECT_EQ(plan.connections, 50'000U);
  model::LoadLimits limits = roomy();
  limits.open_files = 1033;
  limits.files_open = 8;
  ASSERT_TRUE(check_limits(plan, limits));
  EXPECT_EQ(plan.connections, 1000U);
}

TEST(LoadGuard, TooFewPortsAreRefusedUnlessThereAreMoreSources) {
  model::LoadOptions options = to("127.0.0.1");
  options.connections = 30'000;
  LoadPlan plan = plan_of(options);
  const auto refused = check_limits(plan, roomy());
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().what, HasSubstr("30,000 at once need as many local ports, and there "
                                              "are 28,232"));
  EXPECT_THAT(refused.error().hint, HasSubstr("--source"));
  plan.routes.front().sources.resize(2);
  EXPECT_TRUE(check_limits(plan, roomy()));
}

TEST(LoadGuard, PortsInTimeWaitAreWarnedOf) {
  model::LoadOptions options = to("192.0.2.1");
  options.rate = 1000;
  options.connections = 10;
  LoadPlan plan = plan_of(options);
  EXPECT_THAT(*check_limits(plan, roomy()), ElementsAre(HasSubstr("28,232 ports last for 470 "
                                                                  "connections/s")));
  const auto without = [&](auto change) {
    LoadPlan other = plan;
    change(other.options);
    return *check_limits(other, roomy());
  };
  EXPECT_THAT(without([](auto& o) { o.close = model::CloseStyle::kRst; }), IsEmpty());
  EXPECT_THAT(without([](auto& o) { o.work = model::LoadWork::kHttp; }), IsEmpty())
      << "the server closes first";
  EXPECT_THAT(without([](auto& o) { o.rate = 470; }), IsEmpty());
  EXPECT_THAT(without([](auto& o) { o.total = 28'000; }), IsEmpty());
  EXPECT_THAT(without([](auto& o) { o.hold = std::chrono::seconds(1); }), IsEmpty())
      << "ten at once, each a second long";
  model::LoadLimits reuse = roomy();
  reuse.time_wait_reuse = model::TimeWaitReuse::kAlways;
  EXPECT_THAT(*check_limits(plan, reuse), IsEmpty());
}

TEST(LoadGuard, LoopbackUsesPortsAgainAfterASecond) {
  model::LoadOptions options = to("127.0.0.1");
  options.rate = 20'000;
  options.connections = 10;
  LoadPlan plan = plan_of(options);
  EXPECT_THAT(*check_limits(plan, roomy()), IsEmpty());
  plan.options.rate.reset();
  EXPECT_THAT(*check_limits(plan, roomy()), ElementsAre(HasSubstr("EADDRNOTAVAIL")));
}

TEST(LoadGuard, QueuesAndTrackedConnectionsAreWarnedOf) {
  model::LoadOptions options = to("127.0.0.1");
  options.connections = 5000;
  options.total = 5000;
  LoadPlan plan = plan_of(options);
  model::LoadLimits limits = roomy();
  limits.somaxconn = 4096;
  limits.conntrack_max = 8000;
  limits.conntrack_count = 4000;
  EXPECT_THAT(*check_limits(plan, limits),
              ElementsAre(HasSubstr("net.core.somaxconn"), HasSubstr("4,000 of 8,000 already")));
  limits.somaxconn = 5000;
  limits.conntrack_max = 9000;
  EXPECT_THAT(*check_limits(plan, limits), IsEmpty());
}

TEST(LoadPlan, AddressesOfABlock) {
  const auto texts = [](model::Prefix prefix) {
    std::vector<std::string> all;
    const auto addresses = addresses_of(prefix);
    for (const SocketAddress& address : *addresses) {
      all.push_back(to_text(address));
    }
    return all;
  };
  model::Prefix prefix{.family = model::Family::kIpv4, .address = {{10, 0, 0, 252}}, .length = 30};
  EXPECT_THAT(texts(prefix), ElementsAre("10.0.0.253:0", "10.0.0.254:0"));
  prefix.length = 31;
  EXPECT_THAT(texts(prefix), ElementsAre("10.0.0.252:0", "10.0.0.253:0"));
  prefix.length = 32;
  EXPECT_THAT(texts(prefix), ElementsAre("10.0.0.252:0"));
  prefix = {.family = model::Family::kIpv6, .address = {{0xfd}}, .length = 127};
  EXPECT_THAT(texts(prefix), ElementsAre("[fd00::]:0", "[fd00::1]:0"));
  prefix.length = 64;
  EXPECT_FALSE(addresses_of(prefix));
  prefix = {.family = model::Family::kIpv4, .address = {{127}}, .length = 16};
  EXPECT_EQ(addresses_of(prefix)->size(), 65'534U);
}

TEST(LoadPlan, ASourceThatIsNotOursIsRefused) {
  model::LoadOptions options = to("127.0.0.1");
  options.sources = {{.family = model::Family::kIpv4, .address = {{192, 0, 2, 7}}, .length = 32}};
  const auto plan = make_plan(options);
  ASSERT_FALSE(plan);
  EXPECT_EQ(plan.error().status, ExitStatus::kUsage);
  EXPECT_EQ(plan.error().what, "--source: 192.0.2.7: Cannot assign requested address");
}

TEST(LoadPlan, ASourceOfTheOtherFamilyIsRefused) {
  model::LoadOptions options = to("::1");
  options.sources = {{.family = model::Family::kIpv4, .address = {{127, 0, 0, 1}}, .length = 32}};
  const auto plan = make_plan(options);
  ASSERT_FALSE(plan);
  EXPECT_EQ(plan.error().what, "--source: no address of the family of [::1]:80");
}

TEST(LoadPlan, TheLastRequestClosesUnlessTheConnectionIsHeld) {
  model::LoadOptions options = to("127.0.0.1");
  options.work = model::LoadWork::kHttp;
  options.path = "/x";
  const LoadPlan plan = plan_of(options);
  EXPECT_EQ(plan.request, "GET /x HTTP/1.1\r\nHost: 127.0.0.1:80\r\nUser-Agent: tcptrace\r\n\r\n");
  EXPECT_THAT(plan.last_request, HasSubstr("\r\nConnection: close\r\n\r\n"));
  options.hold = std::chrono::seconds(1);
  EXPECT_EQ(plan_of(options).last_request, plan.request);
}

TEST(LoadPlan, NeverMoreAtOnceThanInAll) {
  model::LoadOptions options = to("127.0.0.1");
  options.total = 1;
  const LoadPlan plan = plan_of(options);
  EXPECT_EQ(plan.connections, 1U);
  EXPECT_EQ(plan.threads, 1U);
}

}  // namespace
}  // namespace tcptrace::stress
