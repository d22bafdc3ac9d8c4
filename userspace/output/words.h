// SPDX-License-Identifier: GPL-2.0
// What JSON and text say alike about an event: derived facts and names. Knows neither format.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "model/event.h"

namespace tcptrace::output {

// The armed timer (ICSK_TIME_*): "retransmit", "zero_window_probe", "loss_probe", "reordering";
// empty: none.
[[nodiscard]] std::string_view timer_name(std::uint8_t pending);
// sk_shutdown: "receive", "send", "both"; empty: none.
[[nodiscard]] std::string_view shutdown_name(std::uint8_t shutdown);

// "SYN|ACK"; "" for none. `to` has room for kTcpFlagsSize; returns the end.
inline constexpr std::size_t kTcpFlagsSize = 32;
char* write_tcp_flags(char* to, std::uint8_t flags);
[[nodiscard]] std::string tcp_flags_text(std::uint8_t flags);

// "host unreachable"; empty for a type and code that has no place here.
[[nodiscard]] std::string_view icmp_name(model::Family family, std::uint8_t type,
                                         std::uint8_t code);

// "ECONNRESET", or the number where it has no name.
[[nodiscard]] std::string errno_text(std::uint32_t err);

// So many in `elapsed`, a second; 0 in no time.
[[nodiscard]] double per_second(std::uint64_t count, std::chrono::nanoseconds elapsed);

[[nodiscard]] bool ssthresh_is_set(const model::TcpInfo& info);

// Resets: `by` says something the owner does not: another task, or one that was exiting.
[[nodiscard]] bool by_is_news(const model::Event& event);

// connect: "established", "abandoned", "failed". close: "closed", "aborted", "reset", "failed".
[[nodiscard]] std::string_view result_name(const model::Event& event);

}  // namespace tcptrace::output
