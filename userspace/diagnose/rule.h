// SPDX-License-Identifier: GPL-2.0
// A rule is a row: cause, confidence, the condition, the sentence, the facts, the advice. Of a
// table the first row whose condition holds is the verdict.
#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/core.h>

#include "diagnose/diagnose.h"
#include "model/tcp_flags.h"

namespace tcptrace::diagnose {

// The facts of a verdict, "name=value" each.
class Facts {
 public:
  template <typename T>
  Facts& add(std::string_view name, const T& value) {
    facts_.push_back(fmt::format("{}={}", name, value));
    return *this;
  }
  [[nodiscard]] std::vector<std::string> take() { return std::move(facts_); }

 private:
  std::vector<std::string> facts_;
};

struct Rule {
  model::Cause cause;
  model::Confidence confidence;
  bool (*holds)(const Evidence& evidence);
  std::string (*summary)(const Evidence& evidence);
  void (*facts)(const Evidence& evidence, Facts& facts);
  std::string_view advice;
  // Cause, confidence and advice are those of the reset before (Event::earlier), which there is.
  bool of_earlier = false;
};

// One table for each way in which a connection can break.
[[nodiscard]] std::span<const Rule> active_reset_rules();    // a socket of this host gave up
[[nodiscard]] std::span<const Rule> reply_reset_rules();     // the answer to a segment
[[nodiscard]] std::span<const Rule> firewall_reset_rules();  // a packet filter's
[[nodiscard]] std::span<const Rule> received_reset_rules();
[[nodiscard]] std::span<const Rule> handshake_rules();  // a SYN-ACK that is sent again
[[nodiscard]] std::span<const Rule> failed_connect_rules();
[[nodiscard]] std::span<const Rule> failed_close_rules();  // died without a reset

using model::kAck;
using model::kFin;
using model::kRst;
using model::kSyn;

// A connection that has carried no data for so long was waiting for its next request.
inline constexpr std::chrono::milliseconds kIdle{1000};

// sk_shutdown (include/net/sock.h).
inline constexpr std::uint8_t kRcvShutdown = 1;
inline constexpr std::uint8_t kShutdownMask = 3;

[[nodiscard]] inline bool has_reason(const Evidence& evidence, std::string_view reason) {
  return evidence.event.kernel_reason == reason;
}

// Whether the kernel's reason is this one, or there is none that would tell.
[[nodiscard]] inline bool reason_allows(const Evidence& evidence, std::string_view reason) {
  return evidence.event.kernel_reason.empty() || has_reason(evidence, reason);
}

inline void add_kernel_reason(const Evidence& evidence, Facts& facts) {
  if (!evidence.event.kernel_reason.empty()) {
    facts.add("kernel_reason", evidence.event.kernel_reason);
  }
}

inline void add_errno(const Evidence& evidence, Facts& facts) {
  if (const auto name = model::errno_name(evidence.event.err); !name.empty()) {
    facts.add("errno", name);
  }
}

template <typename Predicate>
[[nodiscard]] bool info_has(const Evidence& evidence, Predicate predicate) {
  return evidence.event.info && predicate(*evidence.event.info);
}

// Of the listener.
[[nodiscard]] inline bool queue_is_full(const Evidence& evidence) {
  return info_has(evidence, [](const model::TcpInfo& info) {
    return model::accept_queue_full(info.backlog, info.backlog_limit);
  });
}

[[nodiscard]] inline std::string queue_was_full(std::uint16_t port, std::uint32_t backlog,
                                                std::uint32_t limit) {
  return fmt::format("the accept queue of port {} was full: {} waiting, {} allowed", port, backlog,
                     limit);
}

}  // namespace tcptrace::diagnose
