// SPDX-License-Identifier: GPL-2.0
// What the monitor knows after an interval: counters and rates, the sockets as last counted, what
// the tracer saw, alerts and trends. Plain data.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/alert.h"
#include "model/event.h"
#include "model/report.h"
#include "model/socket.h"
#include "model/socket_census.h"

namespace tcptrace::model {

// The kernel's counters of which the monitor makes rates.
enum class MonitorCounter : std::uint8_t {
  kActiveOpens,
  kPassiveOpens,
  kAttemptFails,
  kEstabResets,
  kOutRsts,
  kInSegs,
  kOutSegs,
  kRetransSegs,
  kInErrs,
  kSynRetrans,
  kTimeouts,
  kListenOverflows,
  kListenDrops,
  kBacklogDrop,
  kAbortOnTimeout,
  kAbortOnMemory,
  kEmbryonicResets,
};
inline constexpr std::size_t kMonitorCounters = 17;
using CounterValues = std::array<std::uint64_t, kMonitorCounters>;
[[nodiscard]] std::string_view monitor_counter_name(MonitorCounter counter);  // "Tcp.OutRsts"
[[nodiscard]] constexpr std::uint64_t count_of(const CounterValues& values,
                                               MonitorCounter counter) {
  return values[static_cast<std::size_t>(counter)];
}

// The cheap files, read every interval.
struct MonitorSample {
  struct Namespace {
    CounterValues counters{};
    std::uint64_t established = 0;  // Tcp.CurrEstab: with CLOSE_WAIT
    std::uint64_t time_wait = 0;
  };
  std::chrono::nanoseconds boot_time{};  // CLOCK_BOOTTIME
  std::map<std::uint32_t, Namespace> namespaces{};
  std::uint64_t orphans = 0;  // of the whole host, as is the next
  std::uint64_t memory_bytes = 0;
};

// What happened between two samples.
struct MonitorRates {
  std::chrono::nanoseconds elapsed{};
  CounterValues counts{};
  std::uint32_t restarted = 0;  // namespaces whose counters began anew
};

// What is kept of every interval, drawn and searched for a trend.
enum class Metric : std::uint8_t {
  kConnections,
  kTimeWait,
  kConnectionRate,
  kErrorRate,
  kRetransmitRate,
  kResetRate,
};
inline constexpr std::size_t kMetrics = 6;
[[nodiscard]] std::string_view metric_name(Metric metric);  // "connections", "connection_rate" …

enum class TrendKind : std::uint8_t {
  kNotEnough,
  kSteady,
  kRapidIncrease,
  kRapidDecrease,
  kPeriodic,
};
[[nodiscard]] std::string_view trend_kind_name(TrendKind kind);  // "not_enough_data", "steady" …

struct Trend {
  TrendKind kind = TrendKind::kNotEnough;
  double from = 0;  // medians: of the first half of the window, of its last quarter
  double to = 0;
  std::chrono::nanoseconds period{};  // kPeriodic
  double correlation = 0;             // kPeriodic: of the series with itself a period later
};

// Attempts to connect that fail and come again, at intervals that stay or that grow.
struct RetryPattern {
  std::string subject;  // "api -> 10.0.0.9:5432"; empty: the host as a whole
  bool backs_off = false;
  std::uint32_t attempts = 0;  // that make the pattern
  std::chrono::nanoseconds first_gap{};
  std::chrono::nanoseconds last_gap{};
  std::chrono::nanoseconds last{};  // CLOCK_BOOTTIME of the last attempt
};

// One walk over all sockets.
struct MonitorWalk {
  SocketCensus census;
  std::chrono::nanoseconds boot_time{};  // when it was read
  std::chrono::nanoseconds took{};
  std::chrono::nanoseconds cpu{};          // of this process, meanwhile
  std::chrono::nanoseconds owners_time{};  // when the owners were read; 0: never
  std::uint32_t own_netns = 0;             // the monitor's
  SocketSource source = SocketSource::kIter;
  bool interrupted = false;  // sockets changed meanwhile
  std::vector<std::uint32_t> unread_namespaces{};
  std::uint64_t unread_processes = 0;
  bool owners_unreadable = false;  // nobody's sockets have an owner
  std::uint64_t undecodable = 0;   // records of sockets
};

// What one cause, or one kind of retransmission, came to.
struct Tally {
  std::uint64_t total = 0;   // since the monitor began
  std::uint64_t recent = 0;  // in the last minute
};

struct CauseTally {
  Cause cause = Cause::kUnknown;
  Tally sent{};      // resets
  Tally received{};  // likewise
  Tally failed{};    // connects and connections, without a reset
};

struct RetransmitTally {
  RetransmitType type = RetransmitType::kUnknown;
  Tally segments{};
};

struct MonitorTrace {
  std::vector<CauseTally> causes{};  // most of the last minute first
  std::vector<RetransmitTally> retransmits{};
  std::vector<Event> latest{};  // resets and failures, the latest first
  LossCounts lost{};
};

// What could not be passed on or kept: counted, shown, never silent.
struct MonitorLosses {
  std::uint64_t alerts_untracked = 0;  // subjects for which there is no room just now
  std::uint64_t commands_dropped = 0;  // --exec: the queue was full
  std::uint64_t commands_failed = 0;
  std::uint64_t unread_namespaces = 0;  // whose counters could not be read
  std::uint64_t walks_failed = 0;
};

struct MonitorReading {
  std::chrono::nanoseconds boot_time{};
  std::chrono::nanoseconds interval{};  // that was asked for
  std::uint64_t connections = 0;        // Tcp.CurrEstab
  std::uint64_t time_wait = 0;
  std::uint64_t orphans = 0;
  std::uint64_t memory_bytes = 0;
  std::uint64_t namespaces = 0;
  std::optional<MonitorRates> rates{};  // from the second interval on
  std::optional<double> error_rate{};   // percent, over its window; empty: too few connections
  std::optional<MonitorWalk> walk{};    // from the first walk on
  std::optional<MonitorTrace> trace{};
  std::string no_trace;         // why there is none
  std::vector<Alert> alerts{};  // that are raised, the latest last
  std::array<Trend, kMetrics> trends{};
  std::array<std::vector<double>, kMetrics> series{};  // oldest first
  std::vector<RetryPattern> retries{};
  MonitorLosses losses{};
};

// A second's share of what happened; 0 without time.
[[nodiscard]] double rate_of(const MonitorRates& rates, MonitorCounter counter);
[[nodiscard]] double connection_rate(const MonitorRates& rates);  // begun either way
// Percent of the segments sent that were sent again.
[[nodiscard]] double retransmit_rate(const MonitorRates& rates);

}  // namespace tcptrace::model
