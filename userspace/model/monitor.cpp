// SPDX-License-Identifier: GPL-2.0
#include "model/monitor.h"

#include <algorithm>

namespace tcptrace::model {

std::string_view monitor_counter_name(MonitorCounter counter) {
  static constexpr std::array<std::string_view, kMonitorCounters> kNames = {
      "Tcp.ActiveOpens",
      "Tcp.PassiveOpens",
      "Tcp.AttemptFails",
      "Tcp.EstabResets",
      "Tcp.OutRsts",
      "Tcp.InSegs",
      "Tcp.OutSegs",
      "Tcp.RetransSegs",
      "Tcp.InErrs",
      "TcpExt.TCPSynRetrans",
      "TcpExt.TCPTimeouts",
      "TcpExt.ListenOverflows",
      "TcpExt.ListenDrops",
      "TcpExt.TCPBacklogDrop",
      "TcpExt.TCPAbortOnTimeout",
      "TcpExt.TCPAbortOnMemory",
      "TcpExt.EmbryonicRsts"};
  return kNames.at(static_cast<std::size_t>(counter));
}

std::string_view metric_name(Metric metric) {
  switch (metric) {
    case Metric::kConnections:
      return "connections";
    case Metric::kTimeWait:
      return "time_wait";
    case Metric::kConnectionRate:
      return "connection_rate";
    case Metric::kErrorRate:
      return "error_rate";
    case Metric::kRetransmitRate:
      return "retransmit_rate";
    case Metric::kResetRate:
      return "reset_rate";
  }
  return {};
}

std::string_view trend_kind_name(TrendKind kind) {
  switch (kind) {
    case TrendKind::kNotEnough:
      return "not_enough_data";
    case TrendKind::kSteady:
      return "steady";
    case TrendKind::kRapidIncrease:
      return "rapid_increase";
    case TrendKind::kRapidDecrease:
      return "rapid_decrease";
    case TrendKind::kPeriodic:
      return "periodic";
  }
  return {};
}

double rate_of(const MonitorRates& rates, MonitorCounter counter) {
  const double seconds = std::chrono::duration<double>(rates.elapsed).count();
  return seconds > 0 ? static_cast<double>(count_of(rates.counts, counter)) / seconds : 0;
}

double connection_rate(const MonitorRates& rates) {
  return rate_of(rates, MonitorCounter::kActiveOpens) +
         rate_of(rates, MonitorCounter::kPassiveOpens);
}

double retransmit_rate(const MonitorRates& rates) {
  const auto sent = static_cast<double>(count_of(rates.counts, MonitorCounter::kOutSegs));
  const auto again = static_cast<double>(count_of(rates.counts, MonitorCounter::kRetransSegs));
  // Tcp.OutSegs leaves out what is sent again: RFC 4022, tcpOutSegs.
  return sent + again > 0 ? std::min(100.0, 100 * again / (sent + again)) : 0;
}

}  // namespace tcptrace::model
