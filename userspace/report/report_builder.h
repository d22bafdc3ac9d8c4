// SPDX-License-Identifier: GPL-2.0
// Folds what runs have to say into a report of bounded size: a pass over the records, one source
// after the other, in whatever order of time. Pure: times are those of the records.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "model/host_report.h"
#include "model/record.h"
#include "report/idle_histogram.h"
#include "report/source_fold.h"
#include "report/time_buckets.h"
#include "report/top_rows.h"
#include "report/worst_connections.h"

namespace tcptrace::report {

class ReportBuilder {
 public:
  static constexpr std::size_t kCauseRows = 250;
  static constexpr std::size_t kRetransmitRows = 100;
  static constexpr std::size_t kAlerts = 500;
  static constexpr std::size_t kGaugeHosts = 16;
  static constexpr std::size_t kAdviceTexts = 256;  // that differ, of all causes

  // What is noted from now on is of this source.
  void begin(model::ReportSourceKind kind, std::string name);
  // Of the source, or of the records that come: what was written by several hosts says which.
  void set_host(std::string host);
  // CLOCK_REALTIME - CLOCK_BOOTTIME of the records that come.
  void set_boot_to_wall(std::chrono::nanoseconds offset) { boot_to_wall_ = offset; }

  void note(const model::Hooks& hooks);
  void note(const model::Event& event);
  void note(const model::Lost& lost);
  void note(const model::Summary& summary);
  void note(const model::Patterns& patterns);
  // Something that is not in the report.
  void note_missing(std::string words);
  void note(model::ReportAlert alert);
  void note(std::chrono::nanoseconds wall, const model::GaugeValues& gauges);
  void note(model::ReportFinding finding);
  void note(model::ReportSetting setting);

  // What was folded so far.
  [[nodiscard]] model::HostReport report() const;

 private:
  using CauseKey = std::tuple<std::string, model::Cause, model::Party>;
  using RetransmitKey = std::pair<std::string, model::Party>;

  [[nodiscard]] SourceFold& source();
  void note_verdict(const model::Event& event, std::chrono::nanoseconds wall);
  void note_advice(const model::Verdict& verdict);
  void note_reset(const model::Event& event);
  void note_retransmit(const model::Event& event);
  [[nodiscard]] std::vector<model::CauseTotal> totals() const;

  model::HostReport report_;          // sources that are read, and counts
  std::optional<SourceFold> source_;  // that is being read
  std::string host_;
  std::chrono::nanoseconds boot_to_wall_{};
  TopRows<CauseKey, model::ReportCause, &model::ReportCause::count> causes_{kCauseRows * 8};
  TopRows<RetransmitKey, model::ReportRetransmits, &model::ReportRetransmits::segments>
      retransmits_{kRetransmitRows * 8};
  std::array<std::uint64_t, model::kCauses> by_cause_{};
  std::array<std::map<std::string, std::uint64_t, std::less<>>, model::kCauses> advice_;
  std::size_t advice_texts_ = 0;
  TimeBuckets<model::TimelineCounts> timeline_;
  std::map<std::string, TimeBuckets<model::GaugeValues>> gauges_;  // by host
  IdleHistogram idle_;
  WorstConnections worst_;
};

}  // namespace tcptrace::report
