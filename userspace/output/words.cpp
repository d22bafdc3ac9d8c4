// SPDX-License-Identifier: GPL-2.0
// What JSON and text say alike about an event. Knows neither format.
#include "output/words.h"

#include <algorithm>
#include <array>

#include "model/tcp_flags.h"

namespace tcptrace::output {
namespace {

using model::Event;
using model::EventKind;
using model::TcpState;

struct FlagName {
  std::uint8_t bit;
  std::string_view name;
};

// In the order people say them: SYN|ACK, FIN|ACK, PSH|ACK.
constexpr std::array<FlagName, 8> kFlagNames = {{{model::kSyn, "SYN"},
                                                 {model::kFin, "FIN"},
                                                 {model::kRst, "RST"},
                                                 {model::kPsh, "PSH"},
                                                 {model::kAck, "ACK"},
                                                 {model::kUrg, "URG"},
                                                 {model::kEce, "ECE"},
                                                 {model::kCwr, "CWR"}}};

struct IcmpName {
  model::Family family;
  std::uint8_t type;
  std::uint8_t code;
  std::string_view name;
};

// RFC 792, RFC 1812, RFC 4443: those that TCP hears of.
constexpr IcmpName kIcmpNames[] = {
    {model::Family::kIpv4, 3, 0, "network unreachable"},
    {model::Family::kIpv4, 3, 1, "host unreachable"},
    {model::Family::kIpv4, 3, 2, "protocol unreachable"},
    {model::Family::kIpv4, 3, 3, "port unreachable"},
    {model::Family::kIpv4, 3, 4, "fragmentation needed"},
    {model::Family::kIpv4, 3, 9, "network prohibited"},
    {model::Family::kIpv4, 3, 10, "host prohibited"},
    {model::Family::kIpv4, 3, 13, "administratively prohibited"},
    {model::Family::kIpv4, 11, 0, "TTL exceeded"},
    {model::Family::kIpv6, 1, 0, "no route"},
    {model::Family::kIpv6, 1, 1, "administratively prohibited"},
    {model::Family::kIpv6, 1, 3, "address unreachable"},
    {model::Family::kIpv6, 1, 4, "port unreachable"},
    {model::Family::kIpv6, 2, 0, "packet too big"},
    {model::Family::kIpv6, 3, 0, "hop limit exceeded"},
};
static_assert(kFlagNames.size() * 4 <= kTcpFlagsSize);

// From these states CLOSE is reached only by giving up: an orderly end passes through FIN_WAIT2,
// CLOSING or LAST_ACK.
bool left_by_giving_up(TcpState state) {
  return state == TcpState::kEstablished || state == TcpState::kCloseWait ||
         state == TcpState::kSynRecv || state == TcpState::kFinWait1;
}

}  // namespace

std::string_view timer_name(std::uint8_t pending) {
  constexpr std::array<std::string_view, 7> kNames = {
      "",          "retransmit", "delayed_ack", "zero_window_probe",
      "keepalive", "loss_probe", "reordering"};
  return pending < kNames.size() ? kNames[pending] : std::string_view{};
}

std::string_view shutdown_name(std::uint8_t shutdown) {
  constexpr std::array<std::string_view, 4> kNames = {"", "receive", "send", "both"};
  return kNames[shutdown & 3U];
}

char* write_tcp_flags(char* to, std::uint8_t flags) {
  bool first = true;
  for (const auto& [bit, name] : kFlagNames) {
    if ((flags & bit) == 0) {
      continue;
    }
    if (!first) {
      *to++ = '|';
    }
    first = false;
    to = std::copy(name.begin(), name.end(), to);
  }
  return to;
}

std::string tcp_flags_text(std::uint8_t flags) {
  std::array<char, kTcpFlagsSize> text{};
  return {text.data(), write_tcp_flags(text.data(), flags)};
}

std::string_view icmp_name(model::Family family, std::uint8_t type, std::uint8_t code) {
  for (const IcmpName& row : kIcmpNames) {
    if (row.family == family && row.type == type && row.code == code) {
      return row.name;
    }
  }
  return {};
}

std::string errno_text(std::uint32_t err) {
  const std::string_view name = model::errno_name(err);
  return name.empty() ? std::to_string(err) : std::string(name);
}

double per_second(std::uint64_t count, std::chrono::nanoseconds elapsed) {
  return elapsed.count() <= 0
             ? 0
             : static_cast<double>(count) * 1e9 / static_cast<double>(elapsed.count());
}

bool ssthresh_is_set(const model::TcpInfo& info) {
  constexpr std::uint32_t kInfinite = 0x7fffffff;  // TCP_INFINITE_SSTHRESH
  return info.snd_ssthresh < kInfinite;
}

bool by_is_news(const Event& event) {
  const bool reset = event.kind == EventKind::kResetSent || event.kind == EventKind::kResetReceived;
  return reset && event.by.has_value() &&
         (event.by_exiting || !event.owner.has_value() || event.by->pid != event.owner->pid);
}

std::string_view result_name(const Event& event) {
  if (event.kind == EventKind::kConnect) {
    if (event.connection.state != TcpState::kClose && event.err == 0) {
      return "established";
    }
    return event.abandoned ? "abandoned" : "failed";
  }
  if (event.reset_sent || event.reset_received) {
    return "reset";
  }
  if (event.err != 0) {
    return "failed";
  }
  return left_by_giving_up(event.connection.old_state) ? "aborted" : "closed";
}

}  // namespace tcptrace::output
