// SPDX-License-Identifier: GPL-2.0
#include "tune/balancer.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model/idle_margin.h"
#include "tune/config_text.h"
#include "unit/output/golden.h"
#include "unit/tune/balancer_request.h"

namespace tcptrace {
namespace {

using model::BackendKeepalive;
using model::BalancerKind;
using model::BalancerMode;
using model::BalancerRequest;
using model::HealthCheck;
using std::chrono::milliseconds;
using std::chrono::seconds;
using test::config;
using test::flat;
using test::request;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using namespace std::chrono_literals;

const model::Inequality* inequality(const model::BalancerPlan& plan, std::string_view name) {
  const auto found = std::ranges::find(plan.inequalities, name, &model::Inequality::name);
  return found == plan.inequalities.end() ? nullptr : &*found;
}

// What refuses it, and what to do.
std::pair<std::string, std::string> refusal(const BalancerRequest& request) {
  const auto plan = tune::plan_balancer(request);
  if (plan) {
    return {"not refused", ""};
  }
  EXPECT_EQ(plan.error().status, ExitStatus::kUsage);
  return {plan.error().what, plan.error().hint};
}

TEST(Balancer, MarginIsATenthAndAtLeastASecond) {
  EXPECT_EQ(model::margin_of(60s), 6s);
  EXPECT_EQ(model::margin_of(10s), 1s);
  EXPECT_EQ(model::margin_of(5s), 1s);
}

TEST(Balancer, HoldsWhatItSaysForEveryKeepalive) {
  for (const auto kind : {BalancerKind::kHaproxy, BalancerKind::kNginx}) {
    for (const auto mode : {BalancerMode::kHttp, BalancerMode::kTcp}) {
      for (milliseconds keepalive = 1ms; keepalive < 24h; keepalive = keepalive * 3 / 2 + 1ms) {
        BalancerRequest wanted = request(kind, keepalive);
        wanted.mode = mode;
        const auto plan = tune::plan_balancer(wanted);
        ASSERT_TRUE(plan) << plan.error().what;
        for (const model::Inequality& one : plan->inequalities) {
          EXPECT_LE(one.smaller, one.larger) << one.text;
        }
        EXPECT_EQ(plan->pool.has_value(), mode == BalancerMode::kHttp && keepalive >= 2s);
        if (plan->pool) {
          EXPECT_LE(plan->pool->idle + model::margin_of(keepalive), keepalive);
          EXPECT_GE(plan->pool->idle, 1s);
          EXPECT_LE(plan->pool->idle, 60s);
          EXPECT_LE(plan->pool->purge_delay * plan->pool->purges, plan->pool->idle);
        } else if (mode == BalancerMode::kTcp) {
          EXPECT_GT(plan->tunnel_timeout, keepalive);
        }
      }
    }
  }
}

TEST(Balancer, BackendsThatCloseEarlyGetNoPool) {
  const auto early = tune::plan_balancer(request(BalancerKind::kNginx, 1999ms));
  ASSERT_TRUE(early);
  EXPECT_FALSE(early->pool);
  EXPECT_EQ(early->no_pool_because, "the backends close an idle connection too early to keep one");
  const auto in_time = tune::plan_balancer(request(BalancerKind::kNginx, 2s));
  ASSERT_TRUE(in_time);
  ASSERT_TRUE(in_time->pool);
  EXPECT_EQ(in_time->pool->idle, 1s);
}

TEST(Balancer, RefusesAPoolThatOutlivesTheBackends) {
  BalancerRequest wanted = request(BalancerKind::kNginx);
  wanted.pool_idle = 54s;
  EXPECT_EQ(refusal(wanted).first, "not refused");
  wanted.pool_idle = 54001ms;
  EXPECT_EQ(refusal(wanted),
            std::pair(std::string("--pool-idle: 54001ms and a margin of 6s are longer than the 60s "
                                  "that the backends keep an idle connection"),
                      std::string("give --pool-idle up to 54s, or let the backends keep it for "
                                  "60002ms or longer")));
  // What it says would do does.
  wanted.backend_keepalive.value = 60002ms;
  EXPECT_EQ(refusal(wanted).first, "not refused");
}

TEST(Balancer, RefusesAPoolWhereNoneCanBe) {
  BalancerRequest early = request(BalancerKind::kHaproxy, 1s);
  early.keepalive_pool = 8;
  EXPECT_EQ(refusal(early).first,
            "--keepalive-pool: the backends close an idle connection too early to keep one");
  early.keepalive_pool = 0;
  EXPECT_EQ(refusal(early).first, "not refused");
  BalancerRequest sending = request(BalancerKind::kHaproxy);
  sending.send_proxy = true;
  EXPECT_EQ(refusal(sending).first, "not refused");
  sending.pool_idle = 5s;
  EXPECT_EQ(refusal(sending).first,
            "--pool-idle: with the PROXY protocol a connection to a backend belongs to one client");
}

TEST(Balancer, RefusesAttemptsThatOutlastTheAnswer) {
  BalancerRequest wanted = request(BalancerKind::kHaproxy);
  wanted.connect_timeout = 10s;
  EXPECT_EQ(refusal(wanted).first, "not refused");
  wanted.connect_timeout = 10001ms;
  EXPECT_EQ(refusal(wanted),
            std::pair(std::string("--connect-timeout: 3 attempts of 10001ms are longer than the "
                                  "--response-timeout of 30s"),
                      std::string("give --connect-timeout up to 10s, fewer --retries, or "
                                  "--response-timeout from 30003ms on")));
  wanted.retries = 1;
  EXPECT_EQ(refusal(wanted).first, "not refused");
}

TEST(Balancer, RefusesAnIdleTimeThatHaproxyCannotKeep) {
  BalancerRequest wanted = request(BalancerKind::kHaproxy);
  wanted.pool_idle = 15ms;
  EXPECT_EQ(refusal(wanted),
            std::pair(std::string("--pool-idle: 15ms is too short for the 16 purges that haproxy "
                                  "may need"),
                      std::string("give 16ms or longer")));
  wanted.pool_idle = 16ms;
  EXPECT_EQ(refusal(wanted).first, "not refused");
}

TEST(Balancer, InTcpModeTheClientHasToLetGoBeforeTheBackend) {
  BalancerRequest wanted = request(BalancerKind::kNginx);
  wanted.mode = BalancerMode::kTcp;
  wanted.client_idle = 54s;
  const auto plan = tune::plan_balancer(wanted);
  ASSERT_TRUE(plan);
  EXPECT_NE(inequality(*plan, "client_idle_below_backend_keepalive"), nullptr);
  wanted.client_idle = 55s;
  EXPECT_THAT(refusal(wanted).first, HasSubstr("--client-idle: 55s and a margin of 6s"));
  EXPECT_EQ(refusal(wanted).second,
            "make the clients let go after 54s, or let the backends keep it for 61112ms or longer");
  // What is only assumed contradicts nobody.
  wanted.backend_keepalive.source = BackendKeepalive::Source::kAssumed;
  EXPECT_EQ(refusal(wanted).first, "not refused");
}

TEST(Balancer, WithoutRetriesSaysNothingOfThem) {
  BalancerRequest wanted = request(BalancerKind::kHaproxy);
  wanted.retries = 0;
  const std::string text = flat(config(wanted));
  EXPECT_THAT(text, AllOf(HasSubstr(" retries 0 "), HasSubstr("option http-server-close"),
                          HasSubstr("connect timeout 4s <= response timeout 30s")));
  for (const char* untrue :
       {"tried again", "asked again,", "then asks again", "retry-on", "redispatch", "use_backend",
        "http-reuse", "1 attempts", "Every retry"}) {
    EXPECT_THAT(text, Not(HasSubstr(untrue)));
  }
  EXPECT_THAT(flat(config(request(BalancerKind::kHaproxy))),
              AllOf(HasSubstr("tried again"), HasSubstr("then asks again"), HasSubstr("retry-on")));
  wanted.keepalive_pool = 8;
  EXPECT_EQ(refusal(wanted),
            std::pair(std::string("--keepalive-pool: with --retries 0 nothing is asked again that "
                                  "met a connection being closed"),
                      std::string("leave it out")));
  wanted.kind = BalancerKind::kNginx;
  EXPECT_EQ(refusal(wanted).first, "not refused");
  wanted.connect_timeout = 31s;
  EXPECT_EQ(
      refusal(wanted),
      std::pair(std::string("--connect-timeout: 31s are longer than the --response-timeout of "
                            "30s"),
                std::string("give --connect-timeout up to 30s, or --response-timeout from 31s "
                            "on")));
}

TEST(Balancer, RefusesWhatNginxTakesForASocketFile) {
  BalancerRequest wanted = request(BalancerKind::kNginx);
  wanted.backends.push_back({.target = {.host = "unix.example", .port = 80}, .is_name = true});
  EXPECT_EQ(refusal(wanted).first, "not refused");
  wanted.backends.push_back({.target = {.host = "unix", .port = 80}, .is_name = true});
  EXPECT_EQ(refusal(wanted).first,
            "--backend: \"unix:\" is the beginning of a socket file's name to nginx");
  wanted.kind = BalancerKind::kHaproxy;
  EXPECT_EQ(refusal(wanted).first, "not refused");
}

TEST(Balancer, InTcpModeAnEndThatIsKnownGoesFirst) {
  BalancerRequest wanted = request(BalancerKind::kHaproxy, 2h);
  wanted.mode = BalancerMode::kTcp;
  auto plan = tune::plan_balancer(wanted);
  ASSERT_TRUE(plan);
  EXPECT_EQ(plan->tunnel_timeout, 2h + 12min);
  EXPECT_TRUE(plan->an_end_goes_first);
  wanted.backend_keepalive = {.value = tune::kAssumedKeepalive};
  wanted.client_idle = 5min;
  plan = tune::plan_balancer(wanted);
  ASSERT_TRUE(plan);
  EXPECT_EQ(plan->tunnel_timeout, 1h);
  EXPECT_NE(inequality(*plan, "ends_idle_below_proxy_timeout"), nullptr);
  EXPECT_THAT(flat(config(wanted)), HasSubstr("Longer than an end lets the connection be idle"));
}

// Either end may keep it for hours, and a client of a database does.
TEST(Balancer, InTcpModeTheProxyLeavesAloneWhatNothingIsKnownOf) {
  for (const auto kind : {BalancerKind::kHaproxy, BalancerKind::kNginx}) {
    for (const auto source :
         {BackendKeepalive::Source::kAssumed, BackendKeepalive::Source::kMeasured}) {
      BalancerRequest wanted = request(kind, 5s);
      wanted.mode = BalancerMode::kTcp;
      wanted.backend_keepalive.source = source;
      const auto plan = tune::plan_balancer(wanted);
      ASSERT_TRUE(plan);
      EXPECT_EQ(plan->tunnel_timeout, 24h * 24);
      EXPECT_LT(plan->tunnel_timeout.count(), std::numeric_limits<std::int32_t>::max());
      // Of a measurement only the backend that closes first is known.
      EXPECT_EQ(inequality(*plan, "ends_idle_below_proxy_timeout") != nullptr,
                source == BackendKeepalive::Source::kMeasured);
      EXPECT_FALSE(plan->an_end_goes_first);
      EXPECT_THAT(flat(config(wanted)),
                  AllOf(HasSubstr("24 days, the longest timer"), HasSubstr("2073600s")));
    }
  }
}

TEST(BalancerText, WhoEndedTlsBeforeIsBelieved) {
  EXPECT_THAT(config(request(BalancerKind::kHaproxy)),
              HasSubstr("http-request set-header X-Forwarded-Proto http unless "
                        "{ req.hdr(X-Forwarded-Proto) -m found }\n"));
  EXPECT_THAT(config(request(BalancerKind::kNginx)),
              AllOf(HasSubstr("X-Forwarded-Proto $forwarded_proto;"),
                    HasSubstr("default $http_x_forwarded_proto;\n    \"\" $scheme;")));
}

TEST(Balancer, RefusesInTcpModeWhatIsHttp) {
  for (const auto& [change, option] :
       std::array<std::pair<void (*)(BalancerRequest&), std::string_view>, 4>{
           {{[](BalancerRequest& r) { r.keepalive_pool = 1; }, "--keepalive-pool"},
            {[](BalancerRequest& r) { r.pool_idle = 1s; }, "--pool-idle"},
            {[](BalancerRequest& r) { r.response_timeout = 1s; }, "--response-timeout"},
            {[](BalancerRequest& r) { r.health_check = HealthCheck::kHttp; }, "--health-check"}}}) {
    BalancerRequest wanted = request(BalancerKind::kHaproxy);
    wanted.mode = BalancerMode::kTlsPassthrough;
    change(wanted);
    EXPECT_THAT(refusal(wanted).first, testing::StartsWith(option));
  }
}

TEST(Balancer, NginxSendsTheProxyProtocolInTcpModeOnly) {
  BalancerRequest wanted = request(BalancerKind::kNginx);
  wanted.send_proxy = true;
  EXPECT_EQ(refusal(wanted).first, "--proxy-protocol: nginx sends it in TCP mode only");
  wanted.mode = BalancerMode::kTcp;
  EXPECT_EQ(refusal(wanted).first, "not refused");
}

TEST(BalancerPurges, CountAsHaproxyDoes) {
  // One connection that was in use: kept twice, because it was used and because it may be needed.
  EXPECT_EQ(tune::purges_until_empty(1, 1), 3U);
  EXPECT_EQ(tune::purges_until_empty(0, 100), 0U);
  EXPECT_EQ(tune::purges_until_empty(1, 0), 1U);
  // 4, 2, 1, 0
  EXPECT_EQ(tune::purges_until_empty(4, 0), 3U);
  EXPECT_EQ(tune::purges_until_empty(32, 4096), 16U);
}

TEST(BalancerPurges, AreNeverFewerForMore) {
  for (std::uint32_t idle = 1; idle < 300; ++idle) {
    for (std::uint32_t used = 1; used < 300; ++used) {
      EXPECT_GE(tune::purges_until_empty(idle, used + 1), tune::purges_until_empty(idle, used));
    }
  }
}

TEST(BalancerText, TimesAreWholeSecondsWhereTheyCan) {
  EXPECT_EQ(tune::time_text(54s), "54s");
  EXPECT_EQ(tune::time_text(3375ms), "3375ms");
  EXPECT_EQ(tune::time_text(0ms), "0s");
}

TEST(BalancerText, OfHaproxy) {
  BalancerRequest wanted = request(BalancerKind::kHaproxy);
  wanted.health_check = HealthCheck::kHttp;
  wanted.health_path = "/healthz?it's=up";
  test::expect_golden("balancer-haproxy.cfg", config(wanted));
}

TEST(BalancerText, OfHaproxyPassingTlsThrough) {
  BalancerRequest wanted = request(BalancerKind::kHaproxy);
  wanted.mode = BalancerMode::kTlsPassthrough;
  wanted.listen_host = "2001:db8::1";
  wanted.listen_port = 443;
  wanted.send_proxy = wanted.accept_proxy = true;
  wanted.backends.push_back(
      {.target = {.host = "api-1.example.com", .port = 443}, .is_name = true});
  test::expect_golden("balancer-haproxy-tls.cfg", config(wanted));
}

TEST(BalancerText, OfNginx) {
  BalancerRequest wanted = request(BalancerKind::kNginx);
  wanted.backend_keepalive = {.value = tune::kAssumedKeepalive};
  wanted.accept_proxy = true;
  test::expect_golden("balancer-nginx.conf", config(wanted));
}

TEST(BalancerText, OfNginxPassingTlsThrough) {
  BalancerRequest wanted = request(BalancerKind::kNginx);
  wanted.mode = BalancerMode::kTlsPassthrough;
  wanted.send_proxy = wanted.accept_proxy = true;
  wanted.listen_host = "192.0.2.1";
  wanted.listen_port = 443;
  wanted.client_idle = 30s;
  test::expect_golden("balancer-nginx-tls.conf", config(wanted));
}

TEST(BalancerText, SaysEachInequalityAboveItsSetting) {
  for (const auto kind : {BalancerKind::kHaproxy, BalancerKind::kNginx}) {
    for (const auto mode :
         {BalancerMode::kHttp, BalancerMode::kTcp, BalancerMode::kTlsPassthrough}) {
      BalancerRequest wanted = request(kind);
      wanted.mode = mode;
      wanted.client_idle = 20s;
      const auto plan = tune::plan_balancer(wanted);
      ASSERT_TRUE(plan);
      const std::string text = flat(config(wanted));
      for (const model::Inequality& one : plan->inequalities) {
        // nginx has one timer for what are two with haproxy.
        if (kind == BalancerKind::kHaproxy ||
            one.name != "client_keepalive_within_client_timeout") {
          EXPECT_THAT(text, HasSubstr(one.text));
        }
      }
    }
  }
}

TEST(BalancerText, IsTheSameEveryTime) {
  for (const auto kind : {BalancerKind::kHaproxy, BalancerKind::kNginx}) {
    EXPECT_EQ(config(request(kind)), config(request(kind)));
  }
}

// A path and a measured server come from outside: neither ends its line.
TEST(BalancerText, WhatWasMeasuredStaysWithinItsComment) {
  BalancerRequest wanted = request(BalancerKind::kNginx);
  wanted.backend_keepalive = {
      .value = 60s, .source = BackendKeepalive::Source::kMeasured, .evidence = "x\nevil on;"};
  EXPECT_THAT(config(wanted), Not(HasSubstr("\nevil")));
}

}  // namespace
}  // namespace tcptrace
