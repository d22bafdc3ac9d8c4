// SPDX-License-Identifier: GPL-2.0
// The monitor over what several kernels said, second by second: the rates of what was played, and
// of every alert and trend a series that has it and one that just has it not.
#include "monitor/monitor.h"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "host/host_facts.h"
#include "monitor/rates.h"
#include "monitor/trend.h"
#include "unit/recorded/recorded_host.h"

namespace tcptrace {
namespace {

using model::AlertKind;
using model::Metric;
using model::MonitorCounter;
using model::MonitorReading;
using model::MonitorSample;
using model::TrendKind;
using monitor::Monitor;
using std::chrono::seconds;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class RecordedRates : public testing::TestWithParam<RecordingName> {};

INSTANTIATE_TEST_SUITE_P(Kernels, RecordedRates, testing::ValuesIn(recordings()), test_name);

// tests/kernels/recorder/scene.cpp: whatever is begun there is begun once.
TEST_P(RecordedRates, AreOfWhatWasPlayed) {
  RecordedHost host(GetParam());
  const MonitorSample now = monitor::sample_of(host.facts());
  host.rewind();
  const auto rates = monitor::rates_between(monitor::sample_of(host.facts()), now);
  ASSERT_TRUE(rates);
  const auto count = [&](MonitorCounter counter) {
    return model::count_of(rates->counts, counter);
  };
  const bool both = GetParam().scene == "host";
  const bool trouble = GetParam().scene != "ipv4";
  const std::uint64_t addresses = both ? 2 : 1;
  const std::uint64_t well = 3 + 1 + 5 + 2;  // idle, with data, ended, deferred
  const std::uint64_t refused = trouble ? 150 : 3;
  const std::uint64_t others = trouble ? 12 + 20 + 120 + 120 : 2 + 2 + 2 + 2;
  const std::uint64_t elsewhere = both ? 1 : trouble ? 28 : 0;  // mapped, or towards one peer
  EXPECT_EQ(count(MonitorCounter::kActiveOpens), (well + refused + others) * addresses + elsewhere);
  EXPECT_EQ(count(MonitorCounter::kAttemptFails), refused * addresses);
  EXPECT_EQ(rates->restarted, 0U);
  EXPECT_GT(rates->elapsed, both ? seconds(65) : seconds(0));
  // Once for each that came too many, and again whenever it tried again.
  const std::uint64_t overflows = count(MonitorCounter::kListenOverflows);
  EXPECT_GE(overflows, (both ? 15 * 7 : trouble ? 15 : 0) * addresses);
  EXPECT_EQ(overflows == 0, !trouble);
}

// A host whose files go on from second to second.
class Watched {
 public:
  explicit Watched(const RecordingName& name)
      : host_(name), monitor_({}, seconds(1)), facts_(host_.facts()) {}

  RecordedHost& host() { return host_; }
  // What it was when it was recorded.
  [[nodiscard]] std::uint64_t counter(const char* name) const {
    return facts_.namespaces.at(0).counters.at(name);
  }
  void look() {
    model::HostFacts now = host_.facts(host::kCountersOnly);
    facts_.boot_time += seconds(1);
    now.boot_time = facts_.boot_time;
    (void)monitor_.take(monitor::sample_of(now));
  }
  void walk() {
    model::MonitorWalk walk;
    walk.census = host_.census(RecordedHost::sysctls_of(host_.facts()));
    walk.boot_time = facts_.boot_time;
    walk.own_netns = host_.netns();
    (void)monitor_.take(std::move(walk));
  }
  [[nodiscard]] MonitorReading reading() const { return monitor_.reading(false); }
  [[nodiscard]] bool alerts(AlertKind kind) const {
    const MonitorReading now = reading();
    return std::ranges::find(now.alerts, kind, &model::Alert::kind) != now.alerts.end();
  }

 private:
  RecordedHost host_;
  Monitor monitor_;
  model::HostFacts facts_;
};

// The kernels, each with the host that is well.
class RecordedMonitor : public testing::TestWithParam<RecordingName> {};

INSTANTIATE_TEST_SUITE_P(Kernels, RecordedMonitor, testing::ValuesIn(recordings("ipv4")),
                         kernel_name);

// Goes on for so long that the alert is raised, or just is not.
struct AlertRow {
  AlertKind kind;
  const char* scene;
  std::function<void(Watched&, bool hit)> play;
};

void look_twice(Watched& watched) {
  watched.look();
  watched.look();
}

void walk_twice(Watched& watched) {
  watched.walk();
  watched.walk();
}

// So many more are begun, and fail, in each of the seconds.
void go_on(Watched& watched, const char* opening, std::uint64_t begun, std::uint64_t failed) {
  const std::uint64_t opened = watched.counter(opening);
  const std::uint64_t failures = watched.counter("Tcp.AttemptFails");
  for (std::uint64_t i = 0; i < 4; ++i) {
    watched.host().set_counter(opening, opened + i * begun);
    watched.host().set_counter("Tcp.AttemptFails", failures + i * failed);
    watched.look();
  }
}

std::vector<AlertRow> alert_rows() {
  return {
      {AlertKind::kMaxConnections, "ipv4",
       [](Watched& watched, bool hit) {
         watched.host().set_counter("Tcp.CurrEstab", hit ? 1000 : 999);
         look_twice(watched);
       }},
      {AlertKind::kTimeWait, "ipv4",
       [](Watched& watched, bool hit) {
         watched.host().set_sockstat("TCP:", "tw", hit ? 5000 : 4999);
         look_twice(watched);
       }},
      {AlertKind::kConnectionRate, "ipv4",
       [](Watched& watched, bool hit) { go_on(watched, "Tcp.PassiveOpens", hit ? 100 : 99, 0); }},
      {AlertKind::kErrorRate, "ipv4",
       [](Watched& watched, bool hit) { go_on(watched, "Tcp.ActiveOpens", hit ? 60 : 61, 3); }},
      {AlertKind::kPortUse, "ipv6",
       [](Watched& watched, bool hit) {
         watched.host().set_sysctl("net.ipv4.ip_local_port_range", hit ? "9000 9027" : "9000 9028");
         walk_twice(watched);
       }},
      {AlertKind::kListenerBacklog, "ipv4",
       [](Watched& watched, bool hit) {
         watched.host().set_queue(8082, hit ? 80 : 79, 100);
         walk_twice(watched);
       }},
      // It takes two intervals.
      {AlertKind::kListenerBacklog, "ipv4",
       [](Watched& watched, bool hit) {
         watched.host().set_queue(8082, 100, 100);
         watched.walk();
         if (hit) {
           watched.walk();
         }
       }},
  };
}

TEST_P(RecordedMonitor, OfEachAlertThereIsACaseAndANearMiss) {
  std::set<AlertKind> seen;
  for (const AlertRow& row : alert_rows()) {
    seen.insert(row.kind);
    for (const bool hit : {true, false}) {
      Watched watched({.kernel = GetParam().kernel, .scene = row.scene});
      row.play(watched, hit);
      EXPECT_EQ(watched.alerts(row.kind), hit) << model::alert_kind_name(row.kind);
    }
  }
  EXPECT_EQ(seen.size(), model::kAlertKinds);
}

// The trend of the connections, of which there are so many in each second.
TrendKind trend_of(const RecordingName& name, int size,
                   const std::function<std::uint64_t(int)>& connections) {
  Watched watched(name);
  for (int i = 0; i < size; ++i) {
    watched.host().set_counter("Tcp.CurrEstab", connections(i));
    watched.look();
  }
  return watched.reading().trends.at(static_cast<std::size_t>(Metric::kConnections)).kind;
}

TEST_P(RecordedMonitor, EachTrendAndWhatOnlyAlmostIsOne) {
  const auto step = [](std::uint64_t from, std::uint64_t to) {
    return [=](int i) { return i < 44 ? from : to; };
  };
  EXPECT_EQ(trend_of(GetParam(), 60, step(100, 150)), TrendKind::kRapidIncrease);
  EXPECT_EQ(trend_of(GetParam(), 60, step(100, 149)), TrendKind::kSteady);
  EXPECT_EQ(trend_of(GetParam(), 60, step(100, 50)), TrendKind::kRapidDecrease);
  EXPECT_EQ(trend_of(GetParam(), 60, step(100, 51)), TrendKind::kSteady);
  const auto every_ten = [](std::uint64_t peak) {
    return [=](int i) { return i % 10 < 5 ? 100 : peak; };
  };
  EXPECT_EQ(trend_of(GetParam(), 60, every_ten(123)), TrendKind::kPeriodic);
  EXPECT_EQ(trend_of(GetParam(), 60, every_ten(122)), TrendKind::kSteady) << "a ripple";
  constexpr int kEnough = monitor::kMinTrendValues;
  EXPECT_EQ(trend_of(GetParam(), kEnough, step(100, 100)), TrendKind::kSteady);
  EXPECT_EQ(trend_of(GetParam(), kEnough - 1, step(100, 100)), TrendKind::kNotEnough);
}

// The seconds in which somebody tried, and failed.
TEST_P(RecordedMonitor, RetriesOfTheHostAndFailuresThatAlmostAreSome) {
  const auto patterns = [](const std::set<int>& attempts) {
    Watched watched(GetParam());
    std::uint64_t opened = watched.counter("Tcp.ActiveOpens");
    std::uint64_t failed = watched.counter("Tcp.AttemptFails");
    for (int i = 0; i < 28; ++i) {
      opened += attempts.contains(i) ? 1 : 0;
      failed += attempts.contains(i) ? 1 : 0;
      watched.host().set_counter("Tcp.ActiveOpens", opened);
      watched.host().set_counter("Tcp.AttemptFails", failed);
      watched.look();
    }
    return watched.reading().retries;
  };
  const auto fixed = patterns({6, 11, 16, 21, 26});
  ASSERT_THAT(fixed, SizeIs(1));
  EXPECT_FALSE(fixed[0].backs_off);
  EXPECT_EQ(fixed[0].attempts, 5U);
  EXPECT_EQ(fixed[0].last_gap, seconds(5));
  EXPECT_THAT(patterns({11, 16, 21, 26}), IsEmpty()) << "three gaps";
  EXPECT_THAT(patterns({1, 8, 13, 18, 23}), IsEmpty()) << "one of another length";
  const auto growing = patterns({2, 3, 5, 9, 17});
  ASSERT_THAT(growing, SizeIs(1));
  EXPECT_TRUE(growing[0].backs_off);
  EXPECT_EQ(growing[0].last_gap, seconds(8));
  EXPECT_THAT(patterns({3, 5, 9, 17}), IsEmpty()) << "three gaps that grow";
}

}  // namespace
}  // namespace tcptrace
