// SPDX-License-Identifier: GPL-2.0
#include "report/report_builder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/samples.h"

namespace tcptrace::report {
namespace {

using model::Cause;
using model::EventKind;
using testing::ElementsAre;
using testing::IsEmpty;
using namespace std::chrono_literals;

model::Event reset(Cause cause, std::string_view comm = "api", std::uint8_t peer = 9) {
  model::Event event = samples::reset_sent();
  event.connection.peer = samples::ipv4(10, 0, 0, peer);
  samples::set_comm(*event.owner, comm);
  event.verdict = {.cause = cause,
                   .confidence = model::Confidence::kLikely,
                   .summary = "a sentence",
                   .advice = "do something"};
  return event;
}

class Builder : public testing::Test {
 protected:
  Builder() { builder.begin(model::ReportSourceKind::kRecording, "a.rec"); }
  ReportBuilder builder;
};

TEST_F(Builder, AReportOfNothingIsEmpty) {
  const model::HostReport report = builder.report();
  EXPECT_EQ(report.first, 0ns);
  EXPECT_EQ(report.verdicts, 0U);
  EXPECT_TRUE(report.causes.empty());
  EXPECT_TRUE(report.timeline.buckets.empty());
  ASSERT_EQ(report.sources.size(), 1U);
  EXPECT_EQ(report.sources.front().name, "a.rec");
}

TEST_F(Builder, CausesAreCountedBetweenTheSameTwo) {
  builder.note(reset(Cause::kAbortiveClose));
  builder.note(reset(Cause::kAbortiveClose));
  builder.note(reset(Cause::kAbortiveClose, "api", 10));
  builder.note(reset(Cause::kAbortiveClose, "web"));
  builder.note(reset(Cause::kProcessExit));
  const model::HostReport report = builder.report();
  EXPECT_EQ(report.verdicts, 5U);
  ASSERT_EQ(report.causes.size(), 4U);
  EXPECT_EQ(report.causes.front().count, 2U);
  EXPECT_EQ(report.causes.front().party.comm, "api");
  EXPECT_EQ(report.causes.front().party.port, 8080);
  ASSERT_EQ(report.totals.size(), 2U);
  EXPECT_EQ(report.totals.front().cause, Cause::kAbortiveClose);
  EXPECT_EQ(report.totals.front().count, 4U);
  ASSERT_EQ(report.totals.front().advice.size(), 1U);
  EXPECT_EQ(report.totals.front().advice.front().count, 4U);
}

TEST_F(Builder, ARowHasItsTimesItsBestConfidenceAndItsContainer) {
  builder.set_boot_to_wall(1h);
  model::Event event = reset(Cause::kAbortiveClose);
  builder.note(event);
  event.boot_time += 10s;
  event.verdict->confidence = model::Confidence::kCertain;
  builder.note(event);
  const model::ReportCause row = builder.report().causes.front();
  EXPECT_EQ(row.first, samples::reset_sent().boot_time + 1h);
  EXPECT_EQ(row.last, row.first + 10s);
  EXPECT_EQ(row.confidence, model::Confidence::kCertain);
  EXPECT_EQ(row.container, samples::process().cgroup->container);
  event.owner->cgroup.reset();
  builder.note(event);
  EXPECT_EQ(builder.report().causes.front().container, "") << "they are not of the same";
}

TEST_F(Builder, AnEchoIsAResetButNoCause) {
  model::Event event = reset(Cause::kAbortiveClose);
  event.earlier = {.cause = Cause::kAbortiveClose};
  builder.note(event);
  const model::HostReport report = builder.report();
  EXPECT_EQ(report.events[static_cast<std::size_t>(EventKind::kResetSent)], 1U);
  EXPECT_EQ(report.echoes, 1U);
  EXPECT_EQ(report.verdicts, 0U);
  EXPECT_THAT(report.idle, IsEmpty());
  ASSERT_EQ(report.timeline.buckets.size(), 1U);
  EXPECT_EQ(report.timeline.buckets.front().counts.resets_sent, 1U);
}

TEST_F(Builder, ARareCauseHasNoRowButIsCounted) {
  for (std::uint32_t i = 0; i < 20'000; ++i) {
    model::Event event = reset(Cause::kAbortiveClose);
    event.connection.peer.bytes = {10, static_cast<std::uint8_t>(i >> 16U),
                                   static_cast<std::uint8_t>(i >> 8U),
                                   static_cast<std::uint8_t>(i)};
    builder.note(event);
    if (i % 4 == 0) {
      builder.note(reset(Cause::kProcessExit));
    }
  }
  const model::HostReport report = builder.report();
  EXPECT_EQ(report.causes.size(), ReportBuilder::kCauseRows);
  EXPECT_EQ(report.causes.front().count, 5000U);
  std::uint64_t counted = report.causes_elsewhere;
  for (const model::ReportCause& row : report.causes) {
    counted += row.count;
  }
  EXPECT_EQ(counted, report.verdicts);
  EXPECT_EQ(report.totals.front().count, 20'000U) << "totals are exact whatever has a row";
}

TEST_F(Builder, TextsOfAdviceAreBounded) {
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < ReportBuilder::kAdviceTexts + 10; ++i) {
    texts.push_back("advice " + std::to_string(i));
  }
  for (const std::string& text : texts) {
    model::Event event = reset(Cause::kAbortiveClose);
    event.verdict->advice = text;
    builder.note(event);
  }
  EXPECT_EQ(builder.report().totals.front().advice.size(), ReportBuilder::kAdviceTexts);
}

TEST_F(Builder, RetransmissionsAreCountedInSegments) {
  model::Event retransmit = samples::retransmit();
  builder.note(retransmit);
  retransmit.retransmit_type = model::RetransmitType::kSynAck;
  retransmit.segs = 1;
  builder.note(retransmit);
  retransmit.err = 11;
  builder.note(retransmit);
  const model::HostReport report = builder.report();
  EXPECT_EQ(report.retransmitted_segments, 3U) << "one attempt failed: nothing was sent";
  ASSERT_EQ(report.retransmits.size(), 1U);
  EXPECT_EQ(report.retransmits.front().segments, 3U);
  EXPECT_EQ(report.retransmits.front().timeouts, 2U);
  EXPECT_EQ(report.retransmits.front().handshakes, 1U);
  EXPECT_EQ(report.timeline.buckets.front().counts.retransmitted_segments, 3U);
}

TEST_F(Builder, AFailureIsWhatHasAVerdictAndNoReset) {
  model::Event failed = samples::connect_failed();
  builder.note(failed);
  EXPECT_EQ(builder.report().failures, 0U) << "an orderly end has no verdict";
  failed.verdict = reset(Cause::kUnreachable).verdict;
  builder.note(failed);
  const model::HostReport report = builder.report();
  EXPECT_EQ(report.failures, 1U);
  EXPECT_EQ(report.timeline.buckets.front().counts.failures, 1U);
  EXPECT_EQ(report.totals.front().cause, Cause::kUnreachable);
}

TEST_F(Builder, IdleTimesAreOfResetsOfWhatWasOpen) {
  builder.note(reset(Cause::kKeepaliveRace));
  model::Event closing = reset(Cause::kKeepaliveRace);
  closing.closing = {.idle = 75'004ms};
  builder.note(closing);
  builder.note(samples::reset_without_socket());
  const model::HostReport report = builder.report();
  ASSERT_EQ(report.idle.size(), 2U);
  EXPECT_EQ(report.idle.front().from, 60s);
  EXPECT_EQ(report.idle.back().from, 75s);
  EXPECT_EQ(report.idle.back().sent, 1U);
  EXPECT_EQ(report.idle_unknown, 1U);
}

TEST_F(Builder, OnlyResetsThatWereSampledBeforeAreAmongTheWorst) {
  builder.note(reset(Cause::kAbortiveClose));
  EXPECT_THAT(builder.report().worst, IsEmpty());
  model::Event sampled = reset(Cause::kAbortiveClose);
  sampled.history = samples::history(sampled.boot_time, 6s, 6);
  builder.note(sampled);
  const model::HostReport report = builder.report();
  ASSERT_EQ(report.worst.size(), 1U);
  EXPECT_EQ(report.worst.front().retransmits, 3U);
  EXPECT_EQ(report.with_history, 1U);
}

TEST_F(Builder, ARunTellsOfItsBeginningItsEndAndItsLosses) {
  builder.set_boot_to_wall(1h);
  builder.note(samples::hooks());
  builder.note(samples::lost());
  builder.note(samples::summary());
  const model::HostReport report = builder.report();
  const model::ReportSource& source = report.sources.front();
  EXPECT_EQ(source.host, "node-7");
  EXPECT_EQ(source.kernel, "6.12.0-1-amd64");
  EXPECT_EQ(source.ended_by, "duration");
  EXPECT_EQ(source.first, 1h + 60s);
  EXPECT_EQ(source.last, 1h + 180s);
  EXPECT_EQ(report.lost, samples::summary().lost) << "the summary tells all of it again";
  EXPECT_EQ(source.patterns.churn.size(), 1U);
  EXPECT_THAT(source.patterns.causes, IsEmpty());
}

TEST_F(Builder, WithoutASummaryLossesAddUp) {
  builder.note(samples::lost());
  builder.note(samples::lost());
  EXPECT_EQ(builder.report().lost.ringbuf_full, 20U);
}

TEST_F(Builder, RunsOneAfterTheOtherAddUp) {
  model::Summary lossless = samples::summary();
  lossless.lost = {};
  lossless.ended_by = "signal";
  builder.note(samples::hooks());
  builder.note(samples::lost());
  builder.note(samples::summary());
  model::Hooks upgraded = samples::hooks();
  upgraded.kernel = "6.12.9-1-amd64";
  upgraded.hooks.front().attached.clear();
  builder.note(upgraded);
  builder.note(lossless);
  const model::ReportSource source = builder.report().sources.front();
  EXPECT_EQ(source.lost, samples::summary().lost) << "the second run lost nothing";
  EXPECT_EQ(source.ended_by, "duration, signal");
  EXPECT_EQ(source.kernel, "6.12.0-1-amd64, 6.12.9-1-amd64");
  EXPECT_EQ(source.version, samples::hooks().version);
  EXPECT_EQ(source.hooks.size(), samples::hooks().hooks.size() + 1) << "one was missing once";
  ASSERT_EQ(source.coverage.size(), 2U);
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(source.coverage.front().rows[i].kernel,
              2 * samples::summary().coverage.front().rows[i].kernel);
  }
  EXPECT_EQ(source.patterns.churn.size(), 2U);
}

TEST_F(Builder, WhatARunHadLostBeforeItWasKilledStays) {
  builder.note(samples::hooks());
  builder.note(samples::lost());
  builder.note(samples::hooks());
  model::Summary lossless = samples::summary();
  lossless.lost = {};
  builder.note(lossless);
  EXPECT_EQ(builder.report().lost, samples::lost().counts);
}

TEST_F(Builder, RunsOfSeveralHostsAtTheSameTimeAddUp) {
  builder.set_host("a");
  builder.note(samples::lost());
  builder.set_host("b");
  builder.note(samples::lost());
  builder.note(samples::summary());
  builder.set_host("a");
  builder.note(samples::summary());
  model::LossCounts twice = samples::summary().lost;
  twice += samples::summary().lost;
  const model::HostReport report = builder.report();
  EXPECT_EQ(report.lost, twice);
  ASSERT_EQ(report.sources.front().coverage.size(), 4U) << "other hosts' namespaces are others";
  EXPECT_TRUE(report.sources.front().coverage.front().name.starts_with("b: "));
}

TEST_F(Builder, RowsOfRunsAreBoundedAndItIsSaid) {
  model::Summary summary = samples::summary();
  model::Hooks hooks = samples::hooks();
  for (std::uint32_t i = 0; i < 2 * SourceFold::kCoverageRows; ++i) {
    summary.coverage.front().netns = i;
    hooks.hooks.front().limit = std::to_string(i);
    hooks.kernel = std::to_string(i);
    builder.note(hooks);
    builder.note(summary);
    builder.note_missing("the same");
  }
  const model::ReportSource source = builder.report().sources.front();
  EXPECT_LE(source.coverage.size(), SourceFold::kCoverageRows);
  EXPECT_EQ(source.hooks.size(), SourceFold::kHooks);
  EXPECT_EQ(source.patterns.churn.size(), SourceFold::kPatterns);
  EXPECT_LT(source.kernel.size(), 250U);
  EXPECT_TRUE(source.kernel.ends_with(", …"));
  EXPECT_THAT(source.missing, testing::Contains("the same").Times(1));
  EXPECT_THAT(source.missing,
              testing::Contains(testing::EndsWith(" counters of network namespaces have no row")));
  EXPECT_THAT(source.missing, testing::Contains(testing::EndsWith(" states of hooks have no row")));
  EXPECT_LT(source.missing.size(), 8U);
}

TEST_F(Builder, OfTheCoverageWhatIsNotZeroStays) {
  builder.note(samples::summary());
  const auto coverage = builder.report().sources.front().coverage;
  ASSERT_EQ(coverage.size(), 2U);
  EXPECT_EQ(coverage.front().rows.size(), 4U) << "TCPAbortOnTimeout was 0";
  EXPECT_FALSE(coverage.back().readable);
}

TEST_F(Builder, PatternsAreBoundedAndItIsSaid) {
  model::Patterns patterns = samples::patterns();
  patterns.retry_storms.assign(SourceFold::kPatterns + 3, patterns.retry_storms.front());
  builder.note(patterns);
  const model::ReportSource source = builder.report().sources.front();
  EXPECT_EQ(source.patterns.retry_storms.size(), SourceFold::kPatterns);
  EXPECT_THAT(source.missing, ElementsAre("3 smaller retry storms have no row"));
}

TEST(ReportBuilder, SeveralHostsMergeByTime) {
  ReportBuilder builder;
  builder.begin(model::ReportSourceKind::kRecording, "b.rec");
  builder.set_host("b");
  builder.set_boot_to_wall(2h);
  builder.note(reset(Cause::kAbortiveClose));
  builder.begin(model::ReportSourceKind::kRecording, "a.rec");
  builder.set_host("a");
  builder.set_boot_to_wall(1h);
  builder.note(reset(Cause::kAbortiveClose));
  const model::HostReport report = builder.report();
  ASSERT_EQ(report.causes.size(), 2U);
  EXPECT_NE(report.causes.front().host, report.causes.back().host);
  ASSERT_EQ(report.timeline.buckets.size(), 2U);
  EXPECT_EQ(report.timeline.buckets.back().at - report.timeline.buckets.front().at, 1h);
  EXPECT_EQ(report.last - report.first, 1h);
  EXPECT_EQ(report.totals.front().count, 2U);
}

model::ReportAlert alert(std::chrono::seconds since) {
  return {.host = "node-7", .name = "time_wait", .subject = "host", .peak = 6000, .since = since};
}

TEST_F(Builder, WhatIsToldOfAnAlertAgainIsTheSameAlert) {
  builder.note(alert(100s));
  model::ReportAlert worse = alert(100s);
  // The wall clock is slewed meanwhile.
  worse.since += 3ms;
  worse.level = model::ReportLevel::kCritical;
  worse.peak = 9000;
  builder.note(worse);
  model::ReportAlert cleared = alert(100s);
  cleared.cleared = 160s;
  builder.note(cleared);
  const auto alerts = builder.report().alerts;
  ASSERT_EQ(alerts.size(), 1U);
  EXPECT_EQ(alerts.front().level, model::ReportLevel::kCritical);
  EXPECT_EQ(alerts.front().peak, 9000);
  EXPECT_EQ(alerts.front().cleared, 160s);
}

TEST_F(Builder, AnAlertThatIsRaisedAgainIsAnother) {
  model::ReportAlert cleared = alert(100s);
  cleared.cleared = 160s;
  builder.note(cleared);
  builder.note(alert(200s));
  EXPECT_EQ(builder.report().alerts.size(), 2U);
}

TEST_F(Builder, AlertsAreBounded) {
  for (std::size_t i = 0; i < ReportBuilder::kAlerts + 5; ++i) {
    model::ReportAlert one = alert(100s);
    one.subject = std::to_string(i);
    builder.note(one);
  }
  EXPECT_EQ(builder.report().alerts.size(), ReportBuilder::kAlerts);
  EXPECT_EQ(builder.report().alerts_elsewhere, 5U);
}

TEST_F(Builder, OfSeveralReadingsTheMostIsKept) {
  builder.set_host("node-7");
  builder.note(100s, {.connections = 10, .time_wait = 5});
  builder.note(100s + 1ms, {.connections = 7, .time_wait = 50});
  const auto gauges = builder.report().gauges;
  ASSERT_EQ(gauges.size(), 1U);
  ASSERT_EQ(gauges.front().points.size(), 1U);
  EXPECT_EQ(gauges.front().points.front().values,
            (model::GaugeValues{.connections = 10, .time_wait = 50}));
}

TEST_F(Builder, FindingsComeWorstFirst) {
  builder.note(model::ReportFinding{.host = {}, .level = model::ReportLevel::kInfo, .name = "a"});
  builder.note(
      model::ReportFinding{.host = {}, .level = model::ReportLevel::kCritical, .name = "b"});
  EXPECT_EQ(builder.report().findings.front().name, "b");
}

}  // namespace
}  // namespace tcptrace::report
