// SPDX-License-Identifier: GPL-2.0
// What a run says about itself: which hooks are attached, what was lost, the totals and the
// coverage. Plain data.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/event.h"
#include "model/patterns.h"
#include "model/socket.h"

namespace tcptrace::model {

// How a program is attached.
enum class AttachFamily : std::uint8_t {
  kFentry,
  kTracepoint,
  kKprobe
};  // tracepoint: BTF, raw or classic
[[nodiscard]] std::string_view attach_family_name(AttachFamily family);  // "fentry", "tp", "kprobe"

struct HookFailure {
  std::string variant;  // "fentry:inet_csk_accept"
  std::string reason;   // "load: Operation not permitted"
  friend bool operator==(const HookFailure&, const HookFailure&) = default;
};

struct HookStatus {
  std::string name;     // logical hook: "accept"
  std::string purpose;  // what is lost without it, in a user's words
  std::vector<std::string>
      attached;  // variants in use: "tp_btf:tcp_send_reset"; empty: the hook is missing
  std::optional<AttachFamily> family;
  std::vector<HookFailure> failures;  // what was tried before, and why it failed
  std::string limit;                  // what the variant in use cannot see; empty: nothing
  bool required = false;              // without it the trace cannot run
  friend bool operator==(const HookStatus&, const HookStatus&) = default;
};

// How the seconds before a reset are learnt.
struct Polling {
  SocketSource source = SocketSource::kIter;
  std::string setback;  // why it is not the iterator, if that was not asked for
  std::chrono::nanoseconds interval{};
  std::uint32_t depth = 0;        // samples of a connection
  std::uint64_t limit_bytes = 0;  // of all samples
};

// First record of a run.
struct Hooks {
  std::chrono::nanoseconds boot_time{};  // when the trace started
  std::string version;
  std::string kernel;  // uname -r
  std::string architecture;
  std::string host;
  std::vector<HookStatus> hooks;
  std::optional<Polling> polling{};
};

// Everything that can lose data, each with its own count.
struct LossCounts {
  std::uint64_t ringbuf_full = 0;
  std::uint64_t sockets_map_full = 0;
  std::uint64_t netns_map_full = 0;
  std::uint64_t recursion_misses = 0;
  std::uint64_t undecodable = 0;
  std::uint64_t output = 0;  // records that an output could not take

  [[nodiscard]] std::uint64_t total() const {
    return ringbuf_full + sockets_map_full + netns_map_full + recursion_misses + undecodable +
           output;
  }
  friend bool operator==(const LossCounts&, const LossCounts&) = default;
  friend LossCounts operator-(const LossCounts& now, const LossCounts& before) {
    return {.ringbuf_full = now.ringbuf_full - before.ringbuf_full,
            .sockets_map_full = now.sockets_map_full - before.sockets_map_full,
            .netns_map_full = now.netns_map_full - before.netns_map_full,
            .recursion_misses = now.recursion_misses - before.recursion_misses,
            .undecodable = now.undecodable - before.undecodable,
            .output = now.output - before.output};
  }
  LossCounts& operator+=(const LossCounts& more) {
    ringbuf_full += more.ringbuf_full;
    sockets_map_full += more.sockets_map_full;
    netns_map_full += more.netns_map_full;
    recursion_misses += more.recursion_misses;
    undecodable += more.undecodable;
    output += more.output;
    return *this;
  }
};

// What the hooks counted in one network namespace, before any filter.
struct TracedCounters {
  std::uint64_t resets_sent = 0;             // Tcp.OutRsts
  std::uint64_t established_resets = 0;      // Tcp.EstabResets
  std::uint64_t retransmitted_segments = 0;  // Tcp.RetransSegs less TcpExt.TCPRetransFail
  std::uint64_t attempt_fails = 0;           // Tcp.AttemptFails
  friend bool operator==(const TracedCounters&, const TracedCounters&) = default;
};

// One counter of the kernel beside what the hooks saw of the same thing over the same time.
struct CoverageRow {
  std::string counter;  // "Tcp.OutRsts", "TcpExt.TCPAbortOnData"
  std::uint64_t kernel = 0;
  std::optional<std::uint64_t>
      traced;  // absent: shown for information, no hook counts exactly this
};

struct NetnsCoverage {
  std::uint32_t netns = 0;
  std::string name;  // "host", "netns blue", or a process in it: "pid 812 (nginx)"; may be empty
  bool readable = true;    // its counters could be read at both ends
  std::string unreadable;  // why not
  std::vector<CoverageRow> rows;
};

// What the polls came to.
struct Polls {
  std::uint64_t count = 0;
  std::chrono::nanoseconds total{};  // that they took
  std::chrono::nanoseconds longest{};
  std::uint64_t connections = 0;  // with samples, at the end
  std::uint64_t evicted = 0;      // connections whose samples had to leave for others
  std::uint64_t incomplete = 0;   // of these polls: something could not be read
};

// Last record of a run.
struct Summary {
  std::chrono::nanoseconds boot_time{};  // when the trace ended
  std::chrono::nanoseconds duration{};
  std::array<std::uint64_t, kEventKinds> events{};  // reported, by EventKind
  std::uint64_t retransmitted_segments = 0;         // reported
  std::uint64_t resets_suppressed = 0;  // tcp_reset() without an RST: told apart, not reported
  LossCounts lost;
  std::optional<Polls> polls{};
  Patterns patterns;
  std::vector<NetnsCoverage> coverage;
  // "duration", "count", "signal", "processes exited", "output closed"; "end of the recording"
  // where a replay does not know it
  std::string ended_by;
};

}  // namespace tcptrace::model
