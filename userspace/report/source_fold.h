// SPDX-License-Identifier: GPL-2.0
// What the runs of one source say about themselves, added up: a file may have several, one after
// the other or, of several hosts, at the same time. Private to report/.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

#include "model/host_report.h"
#include "model/record.h"

namespace tcptrace::report {

class SourceFold {
 public:
  static constexpr std::size_t kPatterns = 50;        // of each kind
  static constexpr std::size_t kCoverageRows = 1000;  // counters
  static constexpr std::size_t kHooks = 200;          // in different states
  static constexpr std::size_t kRuns = 256;           // hosts whose run has told of losses

  SourceFold() = default;
  SourceFold(model::ReportSourceKind kind, std::string name) {
    source_.kind = kind;
    source_.name = std::move(name);
  }

  // Of the run that `host` has at that time.
  void note(const std::string& host, const model::Hooks& hooks);
  void note(const std::string& host, const model::Lost& lost);
  void note(const std::string& host, const model::Summary& summary);
  void note(const model::Patterns& patterns);
  void note_host(const std::string& host);
  // Something that is not in the report: once, however often it is said.
  void note_missing(std::string words);
  void note_event() { ++source_.events; }
  void note_time(std::chrono::nanoseconds wall);

  // What was folded so far.
  [[nodiscard]] model::ReportSource source() const;

 private:
  void note_coverage(const std::string& host, model::NetnsCoverage coverage);
  void note_counter(model::NetnsCoverage& into, const model::CoverageRow& row);

  model::ReportSource source_;
  // The losses that an unfinished run has told of so far: its summary tells all of them again.
  std::map<std::string, model::LossCounts> told_;
  std::size_t counters_ = 0;
  // For which there was no room.
  std::uint64_t hooks_left_out_ = 0;
  std::uint64_t counters_left_out_ = 0;
  std::uint64_t clusters_left_out_ = 0;
  std::uint64_t storms_left_out_ = 0;
  std::uint64_t churn_left_out_ = 0;
};

// Makes the span from `first` to `last` reach to a time, unless it is none: 0.
void widen(std::chrono::nanoseconds& first, std::chrono::nanoseconds& last,
           std::chrono::nanoseconds wall);

}  // namespace tcptrace::report
