// SPDX-License-Identifier: GPL-2.0
// The connection pools of running applications: what one process has open to one peer, how it was
// used while it was looked at, and what is wrong with it. Plain data.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/event.h"
#include "model/socket.h"
#include "model/verdict.h"

namespace tcptrace::model {

// What a process runs on, or is.
enum class RuntimeKind : std::uint8_t {
  kUnknown,
  kJava,
  kNodejs,
  kPython,
  kGo,
  kPhpFpm,
  kPhp,
  kRuby,
  kDotnet,
  kPerl,
  kErlang,
  kNginx,
  kHaproxy,
  kEnvoy,
  kApache,
  kPostgresql,
  kMysql,
  kRedis,
};
inline constexpr std::size_t kRuntimeKinds = 18;
[[nodiscard]] std::string_view runtime_name(RuntimeKind kind);   // "php_fpm"; empty: unknown
[[nodiscard]] std::string_view runtime_title(RuntimeKind kind);  // "PHP-FPM"; likewise

// One endpoint that connections go to, as one network namespace sees it.
struct PeerEndpoint {
  std::uint32_t netns = 0;
  Family family = Family::kIpv4;
  Address address{};
  std::uint16_t port = 0;
  friend auto operator<=>(const PeerEndpoint&, const PeerEndpoint&) = default;
};

// After so long without data this peer ends connections: the median of the closes that agree.
struct PeerIdleClose {
  PeerEndpoint peer;
  std::chrono::milliseconds idle{};
  std::uint64_t count = 0;  // closes that agree
  std::uint64_t of = 0;     // by this peer, of connections that were idle
  // No FIN of the peer was seen, only that the connection went while it was idle and that this side
  // was not the first to close it.
  bool presumed = false;
};

enum class PoolProblem : std::uint8_t {
  kPoolExhausted,
  kCloseWaitLeak,
  kConnectionLeak,
  kIdleBeyondPeerTimeout,
  kNoReuse,
};
inline constexpr std::size_t kPoolProblems = 5;
[[nodiscard]] std::string_view pool_problem_name(PoolProblem problem);  // "pool_exhausted"

struct PoolVerdict {
  PoolProblem problem = PoolProblem::kPoolExhausted;
  Confidence confidence = Confidence::kUnknown;
  std::string summary{};                // one sentence with the numbers of this case
  std::vector<std::string> evidence{};  // facts: "busy_looks=10"
  std::string advice{};
};

// Connections by how long they have been idle: those that the bucket before does not hold. The last
// one has no bound.
inline constexpr std::array<std::chrono::milliseconds, 7> kIdleBounds = {
    std::chrono::seconds(1), std::chrono::seconds(5), std::chrono::seconds(15),
    std::chrono::minutes(1), std::chrono::minutes(5), std::chrono::minutes(15),
    std::chrono::hours(1)};
using IdleBuckets = std::array<std::uint64_t, kIdleBounds.size() + 1>;

// All zero while `count` is.
struct PoolTimes {
  std::uint64_t count = 0;
  std::chrono::nanoseconds min{}, median{}, p90{}, max{};
  friend bool operator==(const PoolTimes&, const PoolTimes&) = default;
};
// `values` in any order.
[[nodiscard]] PoolTimes pool_times(std::vector<std::chrono::nanoseconds> values);

// At one moment. Open ones are idle or busy: established, and closed by neither side.
struct PoolConnections {
  std::uint64_t open = 0;
  std::uint64_t idle = 0;        // the last that was heard is an answer, and nothing since
  std::uint64_t busy = 0;        // a request is under way
  std::uint64_t waiting = 0;     // of the busy ones: without any answer for a second and more
  std::uint64_t connecting = 0;  // SYN_SENT
  std::uint64_t close_wait = 0;  // the peer has closed, this side has not
};

// What came and went.
struct PoolChurn {
  std::uint64_t opened = 0;
  std::uint64_t closed = 0;
  std::uint64_t failed = 0;       // connects that failed; only the tracer tells
  std::uint64_t closed_here = 0;  // of the closed: this side was the first
  std::uint64_t closed_by_peer = 0;
  std::uint64_t reset = 0;  // either way; only the tracer tells
  bool at_least = false;    // what lived only between two looks may be missing
  PoolTimes lifetimes{};    // of the latest that were closed and whose beginning was seen
};

struct Pool {
  PeerEndpoint peer;
  std::optional<Process> process{};  // empty: nobody that this user may see
  RuntimeKind runtime = RuntimeKind::kUnknown;
  PoolConnections now{};          // in the last look
  std::uint64_t time_wait = 0;    // to this peer, whoever had them
  std::uint32_t local_ports = 0;  // that its namespace has for connections to one peer; 0: unknown
  PoolTimes idle{};               // of the idle ones in the last look
  IdleBuckets idle_buckets{};
  PoolTimes age{};            // of those that are open in the last look
  bool age_at_least = false;  // some were there before the first look
  PoolChurn churn{};

  std::uint64_t looks = 0;                // in which it had connections
  std::chrono::nanoseconds first_look{};  // the time of the first of them
  std::chrono::nanoseconds last_look{};
  std::uint64_t busy_looks = 0;   // of them, those in which every open one was busy
  std::uint64_t grown_looks = 0;  // more open ones than in the look before
  std::uint64_t shrunk_looks = 0;
  std::uint64_t open_first = 0, open_min = 0, open_max = 0;
  std::uint64_t still_looks = 0;  // since it last grew
  std::uint64_t one_way = 0;      // open ones over which data went in one direction only
  std::uint64_t unreturned = 0;   // opened meanwhile, used at first, and silent ever since
  std::chrono::milliseconds longest_idle{};    // of any, in any look or when it ended
  std::uint64_t close_wait_first = 0;          // in the first look
  std::uint64_t close_wait_left = 0;           // connections that went from there to their end
  std::chrono::milliseconds close_wait_age{};  // of the oldest one: at least
  std::optional<PeerIdleClose> peer_idle_close{};
  std::vector<PoolVerdict> verdicts{};
};

// What the kernel counted in one network namespace meanwhile: Tcp.ActiveOpens.
struct NetnsOpens {
  std::uint32_t netns = 0;
  std::uint64_t opens = 0;  // connects of all processes, failed ones too
  std::uint64_t seen = 0;   // of which the pools know
};

struct PoolReport {
  std::chrono::nanoseconds boot_time{};  // of the last look
  std::chrono::nanoseconds duration{};   // from the first look to the last
  std::chrono::nanoseconds interval{};
  std::string_view ended_by;  // "once", "duration", "signal"
  SocketSource source = SocketSource::kIter;
  bool traced = false;  // opens and ends are the tracer's, and complete
  std::uint64_t looks = 0;
  std::uint64_t connections = 0;  // open ones, in the last look
  std::vector<Pool> pools{};      // those with verdicts first, then the largest
  std::vector<PeerIdleClose> peer_idle_closes{};
  // Of each peer the shortest times that agree; `count` 0: none do.
  std::vector<PeerIdleClose> shortest_idle_closes{};
  std::vector<NetnsOpens> opens{};
  std::uint64_t not_followed = 0;  // connections for which there was no room
  std::uint64_t not_pooled = 0;    // likewise: connections of pools for which there was none
  std::uint64_t lost = 0;          // records of the tracer
};

// 0: of no time at all.
[[nodiscard]] double per_minute(std::uint64_t count, std::chrono::nanoseconds duration);

}  // namespace tcptrace::model
