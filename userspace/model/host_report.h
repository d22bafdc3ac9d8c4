// SPDX-License-Identifier: GPL-2.0
// What `tcptrace report` says of one or more runs: what report/ folds records into and what output/
// prints. Plain data; times are wall times, nanoseconds since 1970 UTC.
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/event.h"
#include "model/patterns.h"
#include "model/report.h"
#include "model/verdict.h"

namespace tcptrace::model {

enum class ReportSourceKind : std::uint8_t { kLive, kRecording, kJson };
[[nodiscard]] std::string_view report_source_name(
    ReportSourceKind kind);  // "live", "recording", "json"

// What the report was made from: a run, or a file of JSON Lines, in which there may be several.
// What those say of themselves is added up, and where they differ each of them is told:
// "6.1.0, 6.1.4".
struct ReportSource {
  ReportSourceKind kind = ReportSourceKind::kLive;
  std::string name;  // of the file, as given; empty: live
  std::string host{}, kernel{}, architecture{}, version{};
  std::chrono::nanoseconds first{};  // 0: nothing has a time
  std::chrono::nanoseconds last{};
  std::string ended_by{};  // as in Summary; empty: none has an end
  std::uint64_t events = 0;
  LossCounts lost{};
  std::vector<std::string> missing{};  // what else is not in the report, in words
  std::vector<HookStatus> hooks{};
  std::optional<Polling> polling{};
  std::vector<NetnsCoverage> coverage{};
  Patterns patterns{};  // without causes: ReportCause has those of all sources
};

// How often one cause came between the same two.
struct ReportCause {
  std::string host;  // empty: not known
  Cause cause = Cause::kUnknown;
  Party party;
  std::uint64_t count = 0;
  Confidence confidence = Confidence::kUnknown;  // the best of them
  std::string container{};  // the id, where all of them were of the same; empty: none, or several
  std::chrono::nanoseconds first{};
  std::chrono::nanoseconds last{};
};

struct AdviceCount {
  std::string text;
  std::uint64_t count = 0;
};

// One cause, whoever it concerns.
struct CauseTotal {
  Cause cause = Cause::kUnknown;
  std::uint64_t count = 0;
  std::vector<AdviceCount> advice{};  // the most frequent first
};

// Retransmissions between the same two.
struct ReportRetransmits {
  std::string host;
  Party party;
  std::uint64_t segments = 0;
  std::uint64_t handshakes = 0;  // of them: SYNs and SYN-ACKs
  std::uint64_t timeouts = 0;    // of them: the retransmission timer ran out
};

// What happened in one piece of time.
struct TimelineCounts {
  std::uint64_t resets_sent = 0;
  std::uint64_t resets_received = 0;
  std::uint64_t retransmitted_segments = 0;
  std::uint64_t failures = 0;  // connects that failed, connections that died without a reset
  void merge(const TimelineCounts& other) {
    resets_sent += other.resets_sent;
    resets_received += other.resets_received;
    retransmitted_segments += other.retransmitted_segments;
    failures += other.failures;
  }
  friend bool operator==(const TimelineCounts&, const TimelineCounts&) = default;
};
struct TimelineBucket {
  std::chrono::nanoseconds at{};  // its beginning
  TimelineCounts counts{};
};
struct Timeline {
  std::chrono::nanoseconds width{};       // of each
  std::vector<TimelineBucket> buckets{};  // in order; those in which nothing happened are left out
};

// What a monitor has read: of several readings the most of each.
struct GaugeValues {
  double connections = 0;
  double time_wait = 0;
  double connections_per_second = 0;
  double retransmit_percent = 0;
  void merge(const GaugeValues& other) {
    connections = std::max(connections, other.connections);
    time_wait = std::max(time_wait, other.time_wait);
    connections_per_second = std::max(connections_per_second, other.connections_per_second);
    retransmit_percent = std::max(retransmit_percent, other.retransmit_percent);
  }
  friend bool operator==(const GaugeValues&, const GaugeValues&) = default;
};
struct GaugePoint {
  std::chrono::nanoseconds at{};
  GaugeValues values{};
};
struct ReportGauges {
  std::string host;
  std::chrono::nanoseconds width{};  // of the time that one point is of
  std::vector<GaugePoint> points{};  // in order
};

// Resets of connections that had carried no data for so long.
struct IdleBucket {
  std::chrono::milliseconds from{};
  std::chrono::milliseconds to{};  // exclusive; the largest number: no bound
  std::uint64_t sent = 0;
  std::uint64_t received = 0;
};

// A connection on its way to the reset that ended it. The last sample is of the reset itself.
struct WorstConnection {
  std::string host;
  Event event{};  // its times are wall times
  std::uint64_t retransmits = 0;
  std::uint32_t max_rtt_us = 0;
};

enum class ReportLevel : std::uint8_t { kInfo, kWarning, kCritical };
[[nodiscard]] std::string_view report_level_name(
    ReportLevel level);  // "info", "warning", "critical"

// What a monitor has raised: one for each time, whatever became of it since.
struct ReportAlert {
  std::string host;
  std::string name{};                         // "time_wait"
  std::string subject{};                      // "host", "0.0.0.0:80"
  ReportLevel level = ReportLevel::kWarning;  // the highest that it had
  std::string unit{};                         // of the numbers: "sockets"; may be empty
  double threshold = 0;
  double peak = 0;
  std::chrono::nanoseconds since{};
  std::optional<std::chrono::nanoseconds> cleared{};  // empty: it still held at the end
};

// What an analysis has found.
struct ReportFinding {
  std::string host;
  ReportLevel level = ReportLevel::kInfo;
  std::string name{};    // "close_wait_leak"
  std::string text{};    // one sentence with its number
  std::string why{};     // why it matters; may be empty
  std::string advice{};  // what to do; may be empty
};

struct ReportSetting {
  std::string host;
  std::string netns;  // its name; empty: of this process's own
  std::string name;   // "net.ipv4.tcp_keepalive_time"
  std::string value;
};

struct HostReport {
  std::chrono::nanoseconds made{};
  std::string version;
  std::vector<ReportSource> sources{};
  std::chrono::nanoseconds first{};  // of all sources; 0: nothing has a time
  std::chrono::nanoseconds last{};

  std::array<std::uint64_t, kEventKinds> events{};  // by EventKind
  std::uint64_t retransmitted_segments = 0;
  std::uint64_t failures = 0;
  std::uint64_t echoes = 0;    // resets that say nothing new: not among the causes
  std::uint64_t verdicts = 0;  // the sum of `totals`
  LossCounts lost{};           // of all sources

  std::vector<CauseTotal> totals{};  // the most frequent first
  std::vector<ReportCause> causes{};
  std::uint64_t causes_elsewhere = 0;  // verdicts for which there was no row
  std::vector<ReportRetransmits> retransmits{};
  std::uint64_t retransmits_elsewhere = 0;  // segments, likewise
  Timeline timeline{};
  std::vector<IdleBucket> idle{};  // in order, from the first to the last that is not empty
  std::uint64_t idle_unknown = 0;  // resets of which it is not known
  std::vector<WorstConnection> worst{};
  std::uint64_t with_history = 0;  // connections that were reset and had been sampled before

  std::vector<ReportGauges> gauges{};  // by host
  std::uint64_t gauges_elsewhere = 0;  // readings of hosts for which there was no room
  std::vector<ReportAlert> alerts{};
  std::uint64_t alerts_elsewhere = 0;
  std::vector<ReportFinding> findings{};
  std::vector<ReportSetting> settings{};
};

}  // namespace tcptrace::model
