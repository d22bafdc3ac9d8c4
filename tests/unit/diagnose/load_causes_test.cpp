// SPDX-License-Identifier: GPL-2.0
// Failed connections and the verdicts of a trace beside them.
#include "diagnose/load_causes.h"

#include <cerrno>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tcptrace::diagnose {
namespace {

using model::Cause;
using model::Confidence;
using model::Event;
using model::FailedConnection;
using model::LoadDiagnosis;
using model::LoadPhase;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::SizeIs;

constexpr model::Address kClient{.bytes = {10, 0, 0, 1}};
constexpr model::Address kServer{.bytes = {10, 0, 0, 2}};
constexpr std::uint16_t kPort = 80;
constexpr model::FullestListener kNoQueue{.port = kPort, .backlog = 3, .backlog_limit = 128};
constexpr model::FullestListener kFullQueue{.port = kPort, .backlog = 129, .backlog_limit = 128};

FailedConnection failed(std::uint16_t port, std::uint32_t error,
                        LoadPhase phase = LoadPhase::kConnect,
                        std::chrono::nanoseconds at = seconds(100)) {
  return {.boot_time = at,
          .failure = {.phase = phase, .error = error},
          .local = kClient,
          .peer = kServer,
          .local_port = port,
          .peer_port = kPort};
}

Event at_client(std::uint16_t port, Cause cause, Confidence confidence = Confidence::kCertain,
                std::chrono::nanoseconds at = seconds(100)) {
  Event event;
  event.boot_time = at;
  event.connection.local = kClient;
  event.connection.local_port = port;
  event.connection.peer = kServer;
  event.connection.peer_port = kPort;
  event.verdict = model::Verdict{.cause = cause,
                                 .confidence = confidence,
                                 .summary = "said at the client",
                                 .advice = "advice"};
  return event;
}

Event at_server(std::uint16_t port, Cause cause, Confidence confidence = Confidence::kCertain) {
  Event event = at_client(port, cause, confidence);
  std::swap(event.connection.local, event.connection.peer);
  std::swap(event.connection.local_port, event.connection.peer_port);
  event.verdict->summary = "said at the server";
  return event;
}

LoadDiagnosis diagnosis(const std::vector<Event>& events,
                        const std::vector<FailedConnection>& failures,
                        const model::FullestListener& listener = kNoQueue) {
  LoadCauses causes;
  for (const Event& event : events) {
    causes.note(event);
  }
  return causes.join(failures, listener);
}

TEST(LoadCauses, AFailureIsJoinedWithTheRecordOfItsConnection) {
  const auto found = diagnosis(
      {at_client(40000, Cause::kConnectionRefused), at_client(40001, Cause::kUnreachable)},
      {failed(40000, ECONNREFUSED), failed(40002, ECONNREFUSED)});
  ASSERT_THAT(found.causes, SizeIs(1));
  EXPECT_EQ(found.causes[0].cause, Cause::kConnectionRefused);
  EXPECT_EQ(found.causes[0].count, 1U);
  EXPECT_EQ(found.causes[0].failure.error, std::uint32_t{ECONNREFUSED});
  EXPECT_EQ(found.causes[0].summary, "said at the client");
  EXPECT_EQ(found.causes[0].advice, "advice");
  EXPECT_FALSE(found.causes[0].at_peer);
  EXPECT_EQ(found.untold, 1U);
}

TEST(LoadCauses, ThePeersRecordTellsMoreThanThatItReset) {
  const auto found = diagnosis({at_client(40000, Cause::kPeerAborted),
                                at_server(40000, Cause::kCloseWithUnreadData, Confidence::kLikely)},
                               {failed(40000, ECONNRESET, LoadPhase::kReceive)});
  ASSERT_THAT(found.causes, SizeIs(1));
  EXPECT_EQ(found.causes[0].cause, Cause::kCloseWithUnreadData);
  EXPECT_TRUE(found.causes[0].at_peer);
  EXPECT_EQ(found.causes[0].summary, "said at the server");
}

TEST(LoadCauses, TheSameCauseOfOneKindOfFailureIsOneRowTheMostFrequentFirst) {
  const auto found = diagnosis(
      {at_client(40000, Cause::kConnectionRefused), at_client(40001, Cause::kFirewallReject),
       at_client(40002, Cause::kFirewallReject)},
      {failed(40000, ECONNREFUSED), failed(40001, ECONNREFUSED), failed(40002, ECONNREFUSED)});
  ASSERT_THAT(found.causes, SizeIs(2));
  EXPECT_EQ(found.causes[0].cause, Cause::kFirewallReject);
  EXPECT_EQ(found.causes[0].count, 2U);
  EXPECT_EQ(found.causes[1].count, 1U);
}

TEST(LoadCauses, APortThatIsUsedAgainHasTheNearerRecord) {
  const auto found =
      diagnosis({at_client(40000, Cause::kFirewallReject, Confidence::kCertain, seconds(90)),
                 at_client(40000, Cause::kConnectionRefused, Confidence::kCertain, seconds(99)),
                 at_client(40000, Cause::kUnreachable, Confidence::kCertain, seconds(130)),
                 at_client(40001, Cause::kUnreachable, Confidence::kCertain, seconds(30))},
                {failed(40000, ECONNREFUSED), failed(40001, ECONNREFUSED)});
  ASSERT_THAT(found.causes, SizeIs(1));
  EXPECT_EQ(found.causes[0].cause, Cause::kConnectionRefused);
  EXPECT_EQ(found.untold, 1U) << "what was long before, or comes after, is not of this connection";
}

TEST(LoadCauses, AFullQueueIsWhySynsAreNotAnswered) {
  const std::vector<Event> events{at_client(40000, Cause::kConnectAbandoned)};
  const std::vector<FailedConnection> failures{failed(40000, ETIMEDOUT), failed(40001, ETIMEDOUT)};
  const auto found = diagnosis(events, failures, kFullQueue);
  ASSERT_THAT(found.causes, SizeIs(1));
  EXPECT_EQ(found.causes[0].cause, Cause::kAcceptQueueOverflow);
  EXPECT_EQ(found.causes[0].confidence, Confidence::kLikely);
  EXPECT_EQ(found.causes[0].count, 2U);
  EXPECT_EQ(found.causes[0].summary,
            "the accept queue of port 80 was full: 129 waiting, 128 allowed");
  EXPECT_EQ(found.untold, 0U);
  // As many as are allowed is not full.
  const model::FullestListener one_less{.port = kPort, .backlog = 128, .backlog_limit = 128};
  EXPECT_EQ(diagnosis(events, failures, one_less).causes[0].cause, Cause::kConnectAbandoned);
}

TEST(LoadCauses, AFullQueueIsNotWhyAnythingElseFails) {
  const auto found =
      diagnosis({at_client(40001, Cause::kUnreachable)},
                {failed(40000, ECONNRESET, LoadPhase::kReceive), failed(40001, EHOSTUNREACH),
                 failed(40002, ETIMEDOUT, LoadPhase::kReceive)},
                kFullQueue);
  ASSERT_THAT(found.causes, SizeIs(1));
  EXPECT_EQ(found.causes[0].cause, Cause::kUnreachable);
  EXPECT_EQ(found.untold, 2U);
}

}  // namespace
}  // namespace tcptrace::diagnose
