// SPDX-License-Identifier: GPL-2.0
// A load of TCP connections: what is asked for, and what came of it. Plain data.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/event.h"
#include "model/filter.h"
#include "model/latency.h"
#include "model/target.h"

namespace tcptrace::model {

// What is said over a connection.
enum class LoadWork : std::uint8_t { kConnect, kEcho, kHttp };

// kHalfClose: the end of what we send is said first, and the peer's is awaited.
enum class CloseStyle : std::uint8_t { kFin, kRst, kHalfClose };

struct Keepalive {
  std::uint32_t idle_s = 0;
  std::uint32_t interval_s = 0;
  std::uint32_t count = 0;

  bool operator==(const Keepalive&) const = default;
};

struct LoadOptions {
  Target target;
  std::optional<Family> family;
  std::optional<std::uint32_t> connections;  // at once; empty: what the rate needs
  std::optional<double> rate;                // new ones a second; empty: as fast as they go
  std::optional<std::uint64_t> total;
  std::optional<std::chrono::nanoseconds> duration;
  std::optional<std::uint32_t> threads;  // empty: one for each processor
  std::chrono::nanoseconds connect_timeout = std::chrono::seconds(5);
  std::chrono::nanoseconds answer_timeout = std::chrono::seconds(10);  // the peer's FIN included
  std::chrono::nanoseconds hold{};
  LoadWork work = LoadWork::kConnect;
  std::uint32_t payload_bytes = 0;  // kEcho
  std::string path;                 // kHttp
  std::uint32_t requests = 1;       // of a connection
  CloseStyle close = CloseStyle::kFin;
  std::optional<Keepalive> keepalive;
  bool nodelay = false;
  std::optional<std::chrono::milliseconds> user_timeout;
  std::vector<Prefix> sources;  // local addresses to connect from; empty: the kernel chooses
};

// Where a connection was when it failed.
enum class LoadPhase : std::uint8_t { kConnect, kSend, kReceive, kClose };

// What was wrong with what the peer said, or when it said no more.
enum class LoadCheck : std::uint8_t { kNone, kWrongEcho, kHttpStatus, kNoHttp, kClosedEarly };

// "connect", "send" …; "wrong_echo", "http_status" …, empty for kNone: both are JSON values.
[[nodiscard]] constexpr std::string_view load_phase_name(LoadPhase phase) {
  switch (phase) {
    case LoadPhase::kConnect:
      return "connect";
    case LoadPhase::kSend:
      return "send";
    case LoadPhase::kReceive:
      return "receive";
    case LoadPhase::kClose:
      return "close";
  }
  return {};
}

[[nodiscard]] constexpr std::string_view load_check_name(LoadCheck check) {
  switch (check) {
    case LoadCheck::kNone:
      return {};
    case LoadCheck::kWrongEcho:
      return "wrong_echo";
    case LoadCheck::kHttpStatus:
      return "http_status";
    case LoadCheck::kNoHttp:
      return "no_http";
    case LoadCheck::kClosedEarly:
      return "closed_early";
  }
  return {};
}

// Either an errno or a check.
struct LoadFailure {
  LoadPhase phase = LoadPhase::kConnect;
  LoadCheck check = LoadCheck::kNone;
  std::uint32_t error = 0;

  friend auto operator<=>(const LoadFailure&, const LoadFailure&) = default;
};

// One connection that failed, by what a trace knows it by too.
struct FailedConnection {
  std::chrono::nanoseconds boot_time{};  // CLOCK_BOOTTIME
  LoadFailure failure;
  Family family = Family::kIpv4;
  Address local;  // of both ends; all zero where the kernel had not chosen yet
  Address peer;
  std::uint16_t local_port = 0;
  std::uint16_t peer_port = 0;
};

// So many are kept in a report; those beyond are counted.
inline constexpr std::size_t kMaxFailedConnections = 100'000;

struct LoadCounts {
  std::uint64_t attempts = 0;    // connects that were begun, each address of a name by itself
  std::uint64_t succeeded = 0;   // connections: everything that was asked of them
  std::uint64_t failed = 0;      // at the last of the target's addresses
  std::uint64_t fallovers = 0;   // failures at an address after which the next one was tried
  std::uint64_t unfinished = 0;  // under way when the run ended
  std::uint64_t requests = 0;    // answered
  std::uint64_t bytes_sent = 0;
  std::uint64_t bytes_received = 0;

  LoadCounts& operator+=(const LoadCounts& other) {
    attempts += other.attempts;
    succeeded += other.succeeded;
    failed += other.failed;
    fallovers += other.fallovers;
    unfinished += other.unfinished;
    requests += other.requests;
    bytes_sent += other.bytes_sent;
    bytes_received += other.bytes_received;
    return *this;
  }
  bool operator==(const LoadCounts&) const = default;
};

struct LoadFailureCount {
  LoadFailure failure;
  std::uint64_t count = 0;
};

template <typename T>
struct Spread {
  T min{}, p50{}, p90{}, p99{}, max{};
};

// TCP_INFO of some of the open connections, again and again.
struct LoadTcpInfo {
  std::uint64_t samples = 0;
  Spread<std::uint32_t> rtt_us;
  Spread<std::uint32_t> snd_cwnd;
  Spread<std::uint32_t> total_retrans;
};

// How a run is going.
struct LoadProgress {
  std::chrono::nanoseconds elapsed{};
  LoadCounts counts;
  std::uint64_t in_flight = 0;
  Latency connect;
};

// A listener of the target's port, on this host, when most connections waited in its accept queue.
struct FullestListener {
  std::uint16_t port = 0;
  std::uint32_t backlog = 0;  // connections waiting
  std::uint32_t backlog_limit = 0;

  [[nodiscard]] bool was_full() const { return accept_queue_full(backlog, backlog_limit); }
};

// Failures of one kind of which a trace says the same.
struct LoadCause {
  LoadFailure failure;
  Cause cause = Cause::kUnknown;
  Confidence confidence = Confidence::kUnknown;
  bool at_peer = false;  // the record of the peer's end said it
  std::uint64_t count = 0;
  std::string summary;        // of the first of them
  std::string_view advice{};  // outlives the report
};

// Why connections failed: what a trace beside the load says of them.
struct LoadDiagnosis {
  std::vector<LoadCause> causes;  // the most frequent first
  std::uint64_t untold = 0;       // failures of which no record says anything
  std::uint64_t lost = 0;         // records that the trace lost
};

struct LoadReport {
  std::chrono::nanoseconds boot_time{};  // of its end, CLOCK_BOOTTIME
  std::chrono::nanoseconds duration{};
  std::string ended_by;  // "total", "duration", "SIGINT"
  LoadOptions options;
  std::vector<std::string> addresses;  // of the target, in the order in which they are tried
  std::uint32_t connections = 0;       // allowed at once
  std::uint32_t threads = 0;
  LoadCounts counts;
  std::uint64_t overdue = 0;  // with a rate: scheduled, and not begun when the run ended
  Latency connect;            // from connect() on
  Latency request;            // from its first byte to the last of its answer
  Latency from_schedule;      // with a rate: from when it was due to its last answer
  LoadTcpInfo tcp_info;
  std::vector<LoadFailureCount> failures;  // the most frequent first
  std::vector<FailedConnection> failed;    // in the order of time
  std::uint64_t failed_beyond = 0;         // not in `failed`
  std::optional<LoadDiagnosis> diagnosis;  // with a trace beside it
};

}  // namespace tcptrace::model
