// SPDX-License-Identifier: GPL-2.0
// The fold: from samples, walks and events to readings.
#include "monitor/monitor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/monitor_sample.h"

namespace tcptrace::monitor {
namespace {

using model::Alert;
using model::AlertKind;
using model::Metric;
using model::MonitorConfig;
using model::MonitorCounter;
using model::MonitorReading;
using model::MonitorSample;
using std::chrono::nanoseconds;
using std::chrono::seconds;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr seconds kInterval(1);

// A host whose counters go on by so much in each interval.
class Host {
 public:
  Host() { sample_.namespaces[1] = {}; }

  void add(MonitorCounter counter, std::uint64_t count) {
    sample_.namespaces[1].counters.at(static_cast<std::size_t>(counter)) += count;
  }
  [[nodiscard]] MonitorSample next() {
    sample_.boot_time += kInterval;
    return sample_;
  }
  MonitorSample::Namespace& netns() { return sample_.namespaces[1]; }

 private:
  MonitorSample sample_;
};

TEST(Monitor, KnowsRatesFromTheSecondSampleOn) {
  Monitor monitor({}, kInterval);
  Host host;
  (void)monitor.take(host.next());
  EXPECT_FALSE(monitor.reading(false).rates);
  host.add(MonitorCounter::kActiveOpens, 30);
  (void)monitor.take(host.next());
  const MonitorReading reading = monitor.reading(false);
  ASSERT_TRUE(reading.rates);
  EXPECT_DOUBLE_EQ(model::connection_rate(*reading.rates), 30);
  EXPECT_THAT(reading.series.at(static_cast<std::size_t>(Metric::kConnectionRate)), SizeIs(1));
  EXPECT_FALSE(reading.trace);
  EXPECT_TRUE(monitor.reading(true).trace);
}

TEST(Monitor, ErrorsAreAShareOfWhatBeganInTheWindow) {
  MonitorConfig config;
  config.error_window_s = 3;
  config.error_min_connections = 10;
  Monitor monitor(config, kInterval);
  Host host;
  (void)monitor.take(host.next());
  host.add(MonitorCounter::kActiveOpens, 9);
  host.add(MonitorCounter::kAttemptFails, 9);
  (void)monitor.take(host.next());
  EXPECT_FALSE(monitor.reading(false).error_rate) << "nine are too few";
  host.add(MonitorCounter::kPassiveOpens, 11);
  host.add(MonitorCounter::kEstabResets, 1);
  (void)monitor.take(host.next());
  EXPECT_DOUBLE_EQ(monitor.reading(false).error_rate.value(), 50);
  (void)monitor.take(host.next());
  (void)monitor.take(host.next());
  EXPECT_NEAR(monitor.reading(false).error_rate.value(), 100.0 / 11, 1e-9) << "nine have left";
  (void)monitor.take(host.next());
  EXPECT_FALSE(monitor.reading(false).error_rate);
}

// Whoever backs off makes few attempts, and all of them fail.
TEST(Monitor, AnErrorRateThatIsNotKnownClearsNoAlert) {
  MonitorConfig config;
  config.error_window_s = 3;
  Monitor monitor(config, kInterval);
  Host host;
  (void)monitor.take(host.next());
  const auto changes_with = [&](std::uint64_t begun, std::uint64_t failed) {
    std::vector<Alert> changes;
    for (int second = 0; second < 10; ++second) {
      host.add(MonitorCounter::kActiveOpens, begun);
      host.add(MonitorCounter::kAttemptFails, failed);
      std::ranges::move(monitor.take(host.next()), std::back_inserter(changes));
    }
    return changes;
  };
  EXPECT_THAT(changes_with(10, 10), SizeIs(1));
  EXPECT_THAT(changes_with(2, 2), IsEmpty());
  EXPECT_FALSE(monitor.reading(false).error_rate);
  EXPECT_EQ(monitor.reading(false).series.at(static_cast<std::size_t>(Metric::kErrorRate)).back(),
            100);
  const std::vector<Alert> changes = changes_with(2, 0);
  ASSERT_THAT(changes, SizeIs(1));
  EXPECT_EQ(changes[0].state, model::AlertState::kCleared);
}

TEST(Monitor, MoreErrorsThanBeginningsAreAll) {
  Monitor monitor({}, kInterval);
  Host host;
  (void)monitor.take(host.next());
  host.add(MonitorCounter::kActiveOpens, 3);
  host.add(MonitorCounter::kEstabResets, 50);
  (void)monitor.take(host.next());
  EXPECT_DOUBLE_EQ(monitor.reading(false).error_rate.value(), 100);
}

TEST(Monitor, RaisesWhatItsSamplesSay) {
  Monitor monitor({}, kInterval);
  Host host;
  host.netns().established = 1000;
  host.netns().time_wait = 4999;
  EXPECT_THAT(monitor.take(host.next()), IsEmpty());
  host.add(MonitorCounter::kActiveOpens, 101);
  host.add(MonitorCounter::kAttemptFails, 20);
  std::vector<Alert> changes = monitor.take(host.next());
  ASSERT_THAT(changes, SizeIs(1)) << "rates have been there once";
  EXPECT_EQ(changes[0].kind, AlertKind::kMaxConnections);
  EXPECT_EQ(changes[0].subject, "host");
  host.add(MonitorCounter::kActiveOpens, 101);
  changes = monitor.take(host.next());
  ASSERT_THAT(changes, SizeIs(2));
  EXPECT_EQ(changes[0].kind, AlertKind::kConnectionRate);
  EXPECT_EQ(changes[1].kind, AlertKind::kErrorRate);
  EXPECT_THAT(monitor.reading(false).alerts, SizeIs(3)) << "one TIME_WAIT is missing";
}

model::MonitorWalk walk_at(nanoseconds time) {
  model::MonitorWalk walk;
  walk.boot_time = time;
  walk.own_netns = 7;
  walk.census.listeners = {{.netns = 7, .port = 80, .backlog = 128, .limit = 128},
                           {.netns = 8, .port = 80, .backlog = 102, .limit = 128}};
  walk.census.port_use = {{.netns = 7,
                           .local = samples::ipv4(10, 0, 0, 1),
                           .peer = samples::ipv4(10, 0, 0, 9),
                           .peer_port = 5432,
                           .ports = 30,
                           .time_wait = 15,
                           .available = 50}};
  return walk;
}

TEST(Monitor, RaisesWhatItsWalksSay) {
  Monitor monitor({}, kInterval);
  EXPECT_THAT(monitor.take(walk_at(seconds(1))), IsEmpty());
  const std::vector<Alert> changes = monitor.take(walk_at(seconds(2)));
  ASSERT_THAT(changes, SizeIs(2));
  EXPECT_EQ(changes[0].kind, AlertKind::kPortUse);
  EXPECT_EQ(changes[0].subject, "10.0.0.1 -> 10.0.0.9:5432");
  EXPECT_DOUBLE_EQ(changes[0].value, 90);
  EXPECT_EQ(changes[1].kind, AlertKind::kListenerBacklog);
  EXPECT_EQ(changes[1].subject, "0.0.0.0:80") << "102 of 128 in the other namespace are less";
}

TEST(Monitor, ReusedTimeWaitTakesNoPort) {
  Monitor monitor({}, kInterval);
  for (int i = 1; i < 5; ++i) {
    model::MonitorWalk walk = walk_at(seconds(i));
    walk.census.port_use[0].reused = true;
    for (const Alert& alert : monitor.take(std::move(walk))) {
      EXPECT_NE(alert.kind, AlertKind::kPortUse) << "30 of 50";
    }
  }
  EXPECT_DOUBLE_EQ(model::ports_percent(monitor.reading(false).walk->census.port_use.at(0)), 60);
}

// Opens at 10, fails at 13, opens again at 18: never both in one second.
TEST(Monitor, RetriesWhoseConnectsTimeOutAreOfThisHost) {
  Monitor monitor({}, kInterval);
  Host host;
  for (int second = 0; second < 60; ++second) {
    host.add(MonitorCounter::kActiveOpens, second % 8 == 2 ? 1 : 0);
    host.add(MonitorCounter::kAttemptFails, second % 8 == 5 ? 1 : 0);
    (void)monitor.take(host.next());
  }
  ASSERT_THAT(monitor.reading(false).retries, SizeIs(1));
  EXPECT_EQ(monitor.reading(false).retries[0].last_gap, seconds(8));
}

TEST(Monitor, ClientsThatGiveUpAreNoRetriesOfThisHost) {
  Monitor monitor({}, kInterval);
  Host host;
  host.add(MonitorCounter::kActiveOpens, 1);
  for (int second = 0; second < 300; ++second) {
    host.add(MonitorCounter::kAttemptFails, second >= 200 && second % 8 == 5 ? 1 : 0);
    (void)monitor.take(host.next());
  }
  EXPECT_THAT(monitor.reading(false).retries, IsEmpty());
}

TEST(Monitor, HalfOpenChecksOfItsListenersAreNoRetriesOfThisHost) {
  Monitor monitor({}, kInterval);
  Host host;
  for (int second = 0; second < 60; ++second) {
    host.add(MonitorCounter::kActiveOpens, 1);
    host.add(MonitorCounter::kAttemptFails, second % 8 == 5 ? 1 : 0);
    host.add(MonitorCounter::kEmbryonicResets, second % 8 == 5 ? 1 : 0);
    (void)monitor.take(host.next());
  }
  EXPECT_THAT(monitor.reading(false).retries, IsEmpty());
}

TEST(Monitor, ANamespaceThatWasNotReadHasNotEnded) {
  Monitor monitor({}, kInterval);
  (void)monitor.take(walk_at(seconds(1)));
  EXPECT_THAT(monitor.take(walk_at(seconds(2))), SizeIs(2));
  for (int second = 3; second < 10; ++second) {
    model::MonitorWalk walk = walk_at(seconds(second));
    walk.census = {};
    walk.unread_namespaces = {7};
    EXPECT_THAT(monitor.take(std::move(walk)), IsEmpty());
  }
  std::size_t cleared = 0;
  for (int second = 10; second < 20; ++second) {
    model::MonitorWalk walk = walk_at(seconds(second));
    walk.census = {};
    cleared += monitor.take(std::move(walk)).size();
  }
  EXPECT_EQ(cleared, 2U);
}

TEST(Monitor, OtherNamespacesAreNamed) {
  MonitorConfig config;
  config.listener_backlog = 70;
  Monitor monitor(config, kInterval);
  (void)monitor.take(walk_at(seconds(1)));
  std::vector<std::string> subjects;
  for (const Alert& alert : monitor.take(walk_at(seconds(2)))) {
    subjects.push_back(alert.subject);
  }
  EXPECT_THAT(subjects, ::testing::Contains("0.0.0.0:80 in netns 8"));
}

TEST(Monitor, FindsTrendsAndBeginsThemAnew) {
  Monitor monitor({}, kInterval);
  Host host;
  for (std::uint64_t i = 0; i < 60; ++i) {
    host.netns().established = i < 30 ? 100 : 400;
    (void)monitor.take(host.next());
  }
  const auto connections = static_cast<std::size_t>(Metric::kConnections);
  EXPECT_EQ(monitor.reading(false).trends.at(connections).kind, model::TrendKind::kRapidIncrease);
  monitor.set_interval(seconds(5));
  EXPECT_EQ(monitor.reading(false).trends.at(connections).kind, model::TrendKind::kNotEnough);
  EXPECT_EQ(monitor.reading(false).interval, seconds(5));
}

TEST(Monitor, NothingGrowsWithTime) {
  MonitorConfig config;
  config.trend_window_s = 86'400;
  config.error_window_s = 10;
  Monitor monitor(config, kInterval);
  Host host;
  for (int i = 0; i < 100'000; ++i) {
    host.add(MonitorCounter::kActiveOpens, 1);
    (void)monitor.take(host.next());
  }
  for (const std::vector<double>& series : monitor.reading(false).series) {
    EXPECT_EQ(series.size(), Series::kMaxPoints);
  }
}

TEST(Series, PointsAreMeansWhereIntervalsAreMany) {
  Series series(seconds(1), seconds(1200));
  EXPECT_EQ(series.spacing(), seconds(2));
  series.add(10);
  EXPECT_THAT(series.values(), IsEmpty());
  series.add(20);
  series.add(7);
  EXPECT_THAT(series.values(), ::testing::ElementsAre(15));
}

model::Event caused(model::Event event, model::Cause cause, nanoseconds time) {
  event.boot_time = time;
  event.verdict = {.cause = cause, .confidence = model::Confidence::kLikely};
  return event;
}

TEST(TraceTally, CountsCausesSinceTheBeginningAndInTheLastMinute) {
  TraceTally tally;
  const auto race = model::Cause::kKeepaliveRace;
  tally.note(caused(samples::reset_sent(), race, seconds(10)));
  tally.note(caused(samples::reset_received(), race, seconds(69)));
  tally.note(caused(samples::connect_failed(), model::Cause::kConnectTimeout, seconds(70)));
  const model::MonitorTrace trace = tally.trace(seconds(70));
  ASSERT_THAT(trace.causes, SizeIs(2));
  const model::CauseTally& row =
      trace.causes.at(0).cause == race ? trace.causes.at(0) : trace.causes.at(1);
  EXPECT_EQ(row.sent.total, 1U);
  EXPECT_EQ(row.sent.recent, 0U) << "sixty seconds ago";
  EXPECT_EQ(row.received.recent, 1U);
  EXPECT_EQ(row.failed.total, 0U);
  EXPECT_THAT(trace.latest, SizeIs(3));
  EXPECT_EQ(trace.latest.front().boot_time, seconds(70));
  EXPECT_EQ(tally.trace(seconds(500)).causes.at(0).received.recent, 0U);
}

TEST(TraceTally, CountsSegmentsSentAgain) {
  TraceTally tally;
  model::Event event = samples::retransmit();
  event.segs = 3;
  tally.note(event);
  event.err = 105;  // could not be sent
  tally.note(event);
  const model::MonitorTrace trace = tally.trace(event.boot_time);
  ASSERT_THAT(trace.retransmits, SizeIs(1));
  EXPECT_EQ(trace.retransmits.at(0).segments.total, 3U);
  EXPECT_EQ(trace.retransmits.at(0).segments.recent, 3U);
  EXPECT_THAT(trace.causes, IsEmpty());
}

TEST(TraceTally, PassesOverWhatIsNoFailure) {
  TraceTally tally;
  tally.note(samples::event(model::EventKind::kAccept));
  model::Event refused = samples::connect_failed();
  refused.reset_received = true;  // its reset is counted already
  tally.note(refused);
  EXPECT_THAT(tally.trace(seconds(1)).causes, IsEmpty());
}

TEST(TraceTally, KeepsTheLatestOnly) {
  TraceTally tally;
  for (int i = 0; i < 1000; ++i) {
    tally.note(caused(samples::reset_sent(), model::Cause::kAbortiveClose, seconds(i)));
  }
  const model::MonitorTrace trace = tally.trace(seconds(999));
  EXPECT_THAT(trace.latest, SizeIs(TraceTally::kLatest));
  EXPECT_EQ(trace.causes.at(0).sent.total, 1000U);
  EXPECT_EQ(trace.causes.at(0).sent.recent, 60U);
}

}  // namespace
}  // namespace tcptrace::monitor
