// SPDX-License-Identifier: GPL-2.0
// What `tcptrace serve` is asked to be, and what it has counted in the end.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tcptrace::model {

enum class ServeMode : std::uint8_t { kEcho, kDiscard, kHttp };

[[nodiscard]] std::string_view serve_mode_name(ServeMode mode);  // "echo"

struct ServeConfig {
  std::string host;        // a name or an address; empty: all of this host's
  std::uint16_t port = 0;  // 0: any that is free
  ServeMode mode = ServeMode::kEcho;
  unsigned threads = 1;
  int backlog = 4096;            // the kernel cuts it to net.core.somaxconn
  std::uint32_t body_bytes = 0;  // of an answer over HTTP

  // Faults. Empty, zero or false: none.
  std::optional<std::chrono::nanoseconds> accept_delay;
  std::optional<std::chrono::nanoseconds> idle_timeout;
  std::optional<std::chrono::nanoseconds> respond_delay;
  std::uint32_t read_rate = 0;    // bytes a second, of each connection
  std::uint64_t close_after = 0;  // requests
  double fail_rate = 0;           // 0 to 1
  bool close_unread = false;
  bool linger0 = false;
  bool half_open = false;
};

// Why the server closed a connection before its peer did.
enum class ServeClose : std::uint8_t {
  kIdle,        // nothing came for --idle-timeout
  kCloseAfter,  // --close-after requests were answered
  kUnread,      // --close-unread
  kFailRate,    // one of --fail-rate
  kAsked,       // over HTTP: "Connection: close", HTTP/1.0
  kBadRequest,  // over HTTP: answered with 400 or 405
  kEnd,         // it was open when the server ended
};
inline constexpr std::size_t kServeCloses = 7;

[[nodiscard]] std::string_view serve_close_name(ServeClose reason);  // "idle_timeout"

struct ErrnoCount {
  std::uint32_t err = 0;
  std::uint64_t count = 0;
  bool operator==(const ErrnoCount&) const = default;
};

// Each connection that was accepted ends in one way: accepted is the sum of closed_by_peer,
// closed_by_us, resets_received and failed, once the server has ended.
struct ServeCounts {
  std::uint64_t accepted = 0;
  std::uint64_t open = 0;
  std::uint64_t max_open = 0;
  std::uint64_t closed_by_peer = 0;                        // its FIN came first
  std::array<std::uint64_t, kServeCloses> closed_by_us{};  // by ServeClose
  std::uint64_t resets_received = 0;
  std::uint64_t failed = 0;       // another error ended it: a timeout, an ICMP message
  std::uint64_t resets_sent = 0;  // closed in a way that makes the kernel send a reset
  std::uint64_t requests = 0;     // over HTTP; else pieces of data, as they were read
  std::uint64_t bad_requests = 0;
  std::uint64_t bytes_received = 0;
  std::uint64_t bytes_sent = 0;
  std::uint64_t accept_pauses = 0;  // no descriptor was left: nothing was accepted for a while
  std::vector<ErrnoCount> errors;   // of every failed system call, the most frequent first

  [[nodiscard]] std::uint64_t closed_by_us_total() const;
};

struct ListenAddress {
  std::string address;
  std::uint16_t port = 0;
  bool dual_stack = false;  // IPv4 arrives here too
};

// The first record.
struct ServeStart {
  std::chrono::nanoseconds boot_time{};
  std::vector<ListenAddress> addresses;
  ServeMode mode = ServeMode::kEcho;
  unsigned threads = 1;
};

// The last one.
struct ServeReport {
  std::chrono::nanoseconds boot_time{};
  std::chrono::nanoseconds duration{};
  std::string_view ended_by;  // "signal", "duration"
  ServeCounts counts;
};

}  // namespace tcptrace::model
