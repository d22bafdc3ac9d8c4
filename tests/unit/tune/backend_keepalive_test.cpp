// SPDX-License-Identifier: GPL-2.0
// How long the backends keep an idle connection, of what was seen of them.
#include <array>
#include <chrono>
#include <optional>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tune/balancer.h"
#include "unit/tune/balancer_request.h"

namespace tcptrace {
namespace {

using model::BackendKeepalive;
using model::BalancerKind;
using model::BalancerRequest;
using std::chrono::milliseconds;
using test::config;
using test::flat;
using test::request;
using testing::HasSubstr;
using testing::Not;
using namespace std::chrono_literals;

TEST(BalancerKeepalive, OfTheBackendThatClosesFirst) {
  const std::array<model::ObservedKeepalive, 3> observed{
      {{.backend = {.host = "a", .port = 1}, .closed_after = 75s},
       {.backend = {.host = "::1", .port = 2}, .closed_after = 5003ms},
       {.backend = {.host = "b", .port = 3}}}};
  const auto keepalive = tune::keepalive_of(observed, 75s);
  EXPECT_EQ(keepalive.value, 5s);
  EXPECT_EQ(keepalive.source, BackendKeepalive::Source::kMeasured);
  EXPECT_EQ(keepalive.evidence, "[::1]:2 closed after 5.0 s, the first of 3");
}

TEST(BalancerKeepalive, IsAWholeSecondThatIsNearlyOver) {
  for (const auto& [closed_after, value] : std::array<std::pair<milliseconds, milliseconds>, 4>{
           {{2999ms, 3s}, {2950ms, 3s}, {2949ms, 2s}, {940ms, 940ms}}}) {
    const std::array<model::ObservedKeepalive, 1> observed{
        {{.backend = {.host = "a", .port = 1}, .closed_after = closed_after}}};
    EXPECT_EQ(tune::keepalive_of(observed, 20s).value, value);
  }
}

TEST(BalancerKeepalive, OfBackendsThatDoNotClose) {
  const std::array<model::ObservedKeepalive, 1> observed{{{.backend = {.host = "a", .port = 1}}}};
  const auto keepalive = tune::keepalive_of(observed, 20s);
  EXPECT_EQ(keepalive.value, 20s);
  EXPECT_EQ(keepalive.evidence, "at least, for none of 1 backend closed within 20.0 s");
}

TEST(BalancerKeepalive, OfThoseThatWereSeenToClose) {
  std::vector<model::ObservedKeepalive> observed{
      {.backend = {.host = "a", .port = 1}},
      {.backend = {.host = "b", .port = 1}, .closed_after = 5200ms, .closes = 7},
      {.backend = {.host = "c", .port = 1}, .closed_after = 4980ms, .closes = 3, .presumed = true}};
  auto keepalive = tune::keepalive_of(observed, std::nullopt);
  EXPECT_EQ(keepalive.value, 5s);
  EXPECT_EQ(keepalive.evidence,
            "c:1 seems to have closed 3 idle connections after 5.0 s, the first of 2; 1 other was "
            "not seen to close any, and assumed to keep them for 5.0 s or longer");
  EXPECT_EQ(keepalive.source, BackendKeepalive::Source::kMeasured);
}

TEST(BalancerKeepalive, OfClosesThatDoNotAgree) {
  std::vector<model::ObservedKeepalive> observed{
      {.backend = {.host = "a", .port = 1}, .closed_after = 5s, .closes = 8, .of = 20},
      {.backend = {.host = "b", .port = 1}, .of = 4}};
  EXPECT_EQ(tune::keepalive_of(observed, std::nullopt).evidence,
            "a:1 closed 20 idle connections, 8 of them after 5.0 s; 1 other was not seen to close "
            "them after times that agree, and assumed to keep them for 5.0 s or longer");
  EXPECT_EQ(tune::observation_text(observed[1]),
            "b:1 closed 4 idle connections, after times that do not agree");
}

// 60 s of one say nothing of another that may close after 5.
TEST(BalancerKeepalive, OfThoseThatWereNotSeenToCloseIsAssumed) {
  std::vector<model::ObservedKeepalive> observed{
      {.backend = {.host = "a", .port = 1}, .closed_after = 60s, .closes = 7},
      {.backend = {.host = "b", .port = 1}},
      {.backend = {.host = "c", .port = 1}}};
  const auto keepalive = tune::keepalive_of(observed, std::nullopt);
  EXPECT_EQ(keepalive.value, tune::kAssumedKeepalive);
  EXPECT_EQ(keepalive.source, BackendKeepalive::Source::kAssumed);
  EXPECT_EQ(keepalive.evidence,
            "b:1 was not seen to close idle connections, nor 1 other; a:1 closed 7 idle "
            "connections after 60.0 s");
  BalancerRequest wanted = request(BalancerKind::kHaproxy);
  wanted.backend_keepalive = keepalive;
  EXPECT_THAT(
      flat(config(wanted)),
      HasSubstr("ASSUMED to keep an idle connection for 5s, the default of Apache httpd and "
                "Node.js, for not all of them were seen: b:1 was not seen"));
  // A probe has waited for each of them.
  EXPECT_EQ(tune::keepalive_of(observed, 75s).value, 60s);
  // One that is known to close earlier counts.
  observed[0].closed_after = 4s;
  EXPECT_EQ(tune::keepalive_of(observed, std::nullopt).value, 4s);
  EXPECT_EQ(tune::keepalive_of(observed, std::nullopt).source, BackendKeepalive::Source::kMeasured);
}

TEST(BalancerKeepalive, OfOneThatClosesAtOnceIsNoPool) {
  const std::array<model::ObservedKeepalive, 1> observed{
      {{.backend = {.host = "a", .port = 1}, .closed_after = 80us}}};
  BalancerRequest wanted = request(BalancerKind::kHaproxy);
  wanted.backend_keepalive = tune::keepalive_of(observed, 20s);
  EXPECT_THAT(config(wanted), HasSubstr("option http-server-close"));
  EXPECT_THAT(config(wanted), Not(HasSubstr("http-reuse")));
}

}  // namespace
}  // namespace tcptrace
