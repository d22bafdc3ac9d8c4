// SPDX-License-Identifier: GPL-2.0
// What `tcptrace probe` does again and again, and what came of it.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/event.h"
#include "model/latency.h"
#include "model/target.h"

namespace tcptrace::model {

struct ProbeConfig {
  Target target;
  std::optional<Family> family;  // empty: either
  std::uint64_t count = 10;      // 0: until a signal
  std::chrono::nanoseconds interval = std::chrono::seconds(1);
  std::chrono::nanoseconds timeout = std::chrono::seconds(5);  // of a connect, and of the answer
  bool resolve_each = false;
  bool all_addresses = false;
  bool first_byte = false;  // waits for one
  std::string request;      // sent first; empty: the server speaks first
};

enum class ProbeOutcome : std::uint8_t {
  kConnected,
  kRefused,
  kTimedOut,
  kUnreachable,
  kReset,         // after the handshake
  kClosed,        // by the server, before the first byte
  kNotPermitted,  // by this host
  kNoPort,
  kNotResolved,
  kFailed,  // see the errno
};
inline constexpr std::size_t kProbeOutcomes = 10;

[[nodiscard]] std::string_view probe_outcome_name(ProbeOutcome outcome);  // "timed_out"
[[nodiscard]] ProbeOutcome probe_outcome_of(std::uint32_t err);

// How far an attempt got.
enum class ProbePhase : std::uint8_t { kResolve, kConnect, kFirstByte, kDone };
[[nodiscard]] std::string_view probe_phase_name(ProbePhase phase);  // "first_byte"

// One connect. Times are absent where it did not get there.
struct ProbeConnect {
  std::string address;  // without the port
  std::uint16_t port = 0;
  ProbeOutcome outcome = ProbeOutcome::kFailed;
  ProbePhase phase = ProbePhase::kConnect;
  std::uint32_t err = 0;  // 0 also where this side's own timeout ended it
  std::optional<std::chrono::nanoseconds> connect;
  std::optional<std::chrono::nanoseconds> rtt;  // the kernel's, of the handshake
  std::uint32_t syn_retransmits = 0;
  std::optional<std::chrono::nanoseconds> first_byte;  // since the connect
};

struct ProbeAttempt {
  std::chrono::nanoseconds boot_time{};
  std::uint64_t number = 0;  // from 1 on
  std::optional<std::chrono::nanoseconds> resolve;
  std::string resolve_error;
  ProbeConnect last;                 // what the attempt is judged by
  std::vector<ProbeConnect> fallen;  // addresses before, that failed
};

// What the sentences about an attempt have to know of this host.
struct ProbeHost {
  std::chrono::nanoseconds initial_rto{};  // of a new socket
  // Retransmissions of a SYN before the RTO begins to double: net.ipv4.tcp_syn_linear_timeouts.
  std::uint32_t syn_linear_timeouts = 0;
  std::chrono::nanoseconds resolver_timeout{};  // of /etc/resolv.conf
};

struct ProbeAddress {
  std::string address;
  std::uint16_t port = 0;
  std::uint64_t attempts = 0;
  std::uint64_t succeeded = 0;
  Latency connect;
};

struct ProbeSummary {
  std::chrono::nanoseconds boot_time{};
  std::chrono::nanoseconds duration{};
  std::string_view ended_by;  // "count", "signal"
  std::uint64_t attempts = 0;
  std::array<std::uint64_t, kProbeOutcomes> outcomes{};
  std::uint64_t fallen = 0;  // connects that failed before another address of the attempt
  std::uint64_t syn_retransmits = 0;
  Latency resolve, connect, rtt, first_byte;
  // The mean absolute difference of one connect time and the next of an address: RFC 3550's D
  // without the smoothing.
  std::chrono::nanoseconds jitter{};
  std::vector<ProbeAddress> addresses;

  [[nodiscard]] std::uint64_t succeeded() const {
    return outcomes[static_cast<std::size_t>(ProbeOutcome::kConnected)];
  }
  // 0 to 1.
  [[nodiscard]] double loss() const;
};

// How long the retransmissions of a SYN have waited before the last of `count` went out.
[[nodiscard]] std::chrono::nanoseconds syn_wait(std::uint32_t count, const ProbeHost& host);

}  // namespace tcptrace::model
