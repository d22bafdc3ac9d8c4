// SPDX-License-Identifier: GPL-2.0
// Every kind of alert: raised, escalated, cleared, said once; and what only almost does.
#include "monitor/alerts.h"

#include <limits>
#include <string>
#include <vector>

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tcptrace::monitor {
namespace {

using model::Alert;
using model::AlertKind;
using model::AlertLevel;
using model::AlertState;
using model::MonitorConfig;
using std::chrono::nanoseconds;
using std::chrono::seconds;
using ::testing::IsEmpty;

// Raised after two intervals, cleared after three below 90 %; twice the threshold is critical.
class Book {
 public:
  explicit Book(AlertKind kind, const MonitorConfig& config = {}) : kind_(kind), book_(config) {}

  std::vector<Alert> observe(double value, const std::string& subject = "host") {
    return observe_all({{.subject = subject, .value = value}});
  }
  std::vector<Alert> observe_all(const std::vector<Observed>& values) {
    now_ += seconds(1);
    return book_.observe(kind_, values, now_);
  }
  [[nodiscard]] nanoseconds now() const { return now_; }
  [[nodiscard]] const AlertBook& book() const { return book_; }

 private:
  AlertKind kind_;
  AlertBook book_;
  nanoseconds now_{};
};

struct Case {
  AlertKind kind;
  double threshold;
  double critical;
};

constexpr Case kDefaults[] = {{AlertKind::kMaxConnections, 1000, 2000},
                              {AlertKind::kTimeWait, 5000, 10'000},
                              {AlertKind::kConnectionRate, 100, 200},
                              {AlertKind::kErrorRate, 5, 10},
                              {AlertKind::kPortUse, 80, 90},
                              {AlertKind::kListenerBacklog, 80, 90}};

TEST(Alerts, EachKindIsRaisedAtItsThresholdAndNotBelow) {
  for (const auto& [kind, threshold, critical] : kDefaults) {
    Book book(kind);
    for (int i = 0; i < 10; ++i) {
      EXPECT_THAT(book.observe(threshold * 0.999), IsEmpty()) << alert_kind_name(kind);
    }
    EXPECT_THAT(book.observe(threshold), IsEmpty());
    const std::vector<Alert> changes = book.observe(threshold);
    ASSERT_EQ(changes.size(), 1U) << alert_kind_name(kind);
    EXPECT_EQ(changes[0].kind, kind);
    EXPECT_EQ(changes[0].state, AlertState::kRaised);
    EXPECT_EQ(changes[0].level, AlertLevel::kWarning);
    EXPECT_EQ(changes[0].threshold, threshold);
    EXPECT_EQ(changes[0].critical, critical);
    EXPECT_EQ(changes[0].since, book.now() - seconds(1)) << "when it was crossed";
  }
}

TEST(Alerts, EachKindEscalatesAtItsCriticalThresholdAndNotBelow) {
  for (const auto& [kind, threshold, critical] : kDefaults) {
    Book book(kind);
    (void)book.observe(threshold);
    (void)book.observe(threshold);
    for (int i = 0; i < 5; ++i) {
      EXPECT_THAT(book.observe(critical * 0.999), IsEmpty()) << alert_kind_name(kind);
    }
    EXPECT_THAT(book.observe(critical), IsEmpty());
    const std::vector<Alert> changes = book.observe(critical);
    ASSERT_EQ(changes.size(), 1U) << alert_kind_name(kind);
    EXPECT_EQ(changes[0].state, AlertState::kEscalated);
    EXPECT_EQ(changes[0].level, AlertLevel::kCritical);
    EXPECT_THAT(book.observe(critical), IsEmpty()) << "said once";
  }
}

TEST(Alerts, OnePeakIsNone) {
  Book book(AlertKind::kConnectionRate);
  for (int i = 0; i < 5; ++i) {
    EXPECT_THAT(book.observe(1e6), IsEmpty());
    EXPECT_THAT(book.observe(10), IsEmpty());
  }
  EXPECT_THAT(book.book().raised(), IsEmpty());
}

TEST(Alerts, AreNotRepeatedWhileTheyLast) {
  Book book(AlertKind::kConnectionRate);
  (void)book.observe(150);
  EXPECT_EQ(book.observe(150).size(), 1U);
  for (int i = 0; i < 100; ++i) {
    EXPECT_THAT(book.observe(i % 2 == 0 ? 95 : 150), IsEmpty()) << "between the two thresholds";
  }
  ASSERT_EQ(book.book().raised().size(), 1U);
  EXPECT_EQ(book.book().raised()[0].peak, 150);
}

TEST(Alerts, AreClearedWellBelowAndAfterAWhile) {
  Book book(AlertKind::kConnectionRate);
  (void)book.observe(150);
  (void)book.observe(180);
  for (const double value : {89.0, 89.0, 90.0, 89.0, 89.0}) {
    EXPECT_THAT(book.observe(value), IsEmpty()) << "90 is not below 90, and counts anew";
  }
  const std::vector<Alert> changes = book.observe(10);
  ASSERT_EQ(changes.size(), 1U);
  EXPECT_EQ(changes[0].state, AlertState::kCleared);
  EXPECT_EQ(changes[0].value, 10);
  EXPECT_EQ(changes[0].peak, 180);
  EXPECT_EQ(changes[0].since, seconds(1));
  EXPECT_THAT(book.book().raised(), IsEmpty());
  EXPECT_THAT(book.observe(150), IsEmpty());
  ASSERT_EQ(book.observe(160).size(), 1U) << "and raised again";
  EXPECT_EQ(book.book().raised()[0].peak, 160);
  EXPECT_EQ(book.book().raised()[0].since, book.now() - seconds(1));
}

TEST(Alerts, WhatIsCriticalAtOnceIsRaisedAsThat) {
  Book book(AlertKind::kTimeWait);
  (void)book.observe(20'000);
  const std::vector<Alert> changes = book.observe(20'000);
  ASSERT_EQ(changes.size(), 1U);
  EXPECT_EQ(changes[0].state, AlertState::kRaised);
  EXPECT_EQ(changes[0].level, AlertLevel::kCritical);
}

TEST(Alerts, StayCriticalUntilTheyAreCleared) {
  Book book(AlertKind::kTimeWait);
  (void)book.observe(20'000);
  (void)book.observe(20'000);
  EXPECT_THAT(book.observe(6000), IsEmpty());
  EXPECT_THAT(book.observe(20'000), IsEmpty());
  EXPECT_THAT(book.observe(20'000), IsEmpty());
  EXPECT_EQ(book.book().raised()[0].level, AlertLevel::kCritical);
}

TEST(Alerts, ASubjectThatIsGoneIsCleared) {
  Book book(AlertKind::kListenerBacklog);
  (void)book.observe(100, "0.0.0.0:80");
  (void)book.observe(100, "0.0.0.0:80");
  EXPECT_THAT(book.observe_all({}), IsEmpty());
  EXPECT_THAT(book.observe_all({}), IsEmpty());
  const std::vector<Alert> changes = book.observe_all({});
  ASSERT_EQ(changes.size(), 1U);
  EXPECT_EQ(changes[0].state, AlertState::kCleared);
  EXPECT_EQ(changes[0].subject, "0.0.0.0:80");
}

TEST(Alerts, SubjectsAreToldApart) {
  Book book(AlertKind::kListenerBacklog);
  for (int i = 0; i < 2; ++i) {
    const auto changes = book.observe_all({{.subject = "a", .value = 100},
                                           {.subject = "b", .value = 79},
                                           {.subject = "a", .value = 0}});
    EXPECT_EQ(changes.size(), i == 0 ? 0U : 1U);
  }
  ASSERT_EQ(book.book().raised().size(), 1U);
  EXPECT_EQ(book.book().raised()[0].subject, "a") << "of two with one name the first counts";
}

TEST(Alerts, TooManySubjectsAreCounted) {
  Book book(AlertKind::kListenerBacklog);
  std::vector<Observed> values;
  for (std::size_t i = 0; i < AlertBook::kMaxSubjects + 7; ++i) {
    values.push_back({.subject = fmt::format("{}", i), .value = 100});
  }
  (void)book.observe_all(values);
  EXPECT_EQ(book.book().untracked(), 7U);
  EXPECT_EQ(book.observe_all(values).size(), AlertBook::kMaxSubjects);
  EXPECT_EQ(book.book().untracked(), 7U) << "the same ones";
}

TEST(Alerts, WithoutAThresholdThereAreNone) {
  MonitorConfig config;
  config.time_wait.reset();
  Book book(AlertKind::kTimeWait, config);
  for (int i = 0; i < 5; ++i) {
    EXPECT_THAT(book.observe(std::numeric_limits<double>::max()), IsEmpty());
  }
}

TEST(Alerts, AreAsTheConfigurationSays) {
  MonitorConfig config;
  config.connection_rate = 10;
  config.raise_after = 1;
  config.clear_after = 1;
  config.clear_below = 50;
  config.critical_factor = 1;
  Book book(AlertKind::kConnectionRate, config);
  EXPECT_THAT(book.observe(9.9), IsEmpty());
  ASSERT_EQ(book.observe(10).size(), 1U);
  EXPECT_EQ(book.book().raised()[0].level, AlertLevel::kCritical);
  EXPECT_THAT(book.observe(5), IsEmpty());
  EXPECT_EQ(book.observe(4.9).size(), 1U);
}

}  // namespace
}  // namespace tcptrace::monitor
