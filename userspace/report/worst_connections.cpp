// SPDX-License-Identifier: GPL-2.0
#include "report/worst_connections.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace tcptrace::report {
namespace {

using model::Sample;
using model::WorstConnection;

// What the reset itself tells, as one more sample.
Sample last_sample(const model::Event& event) {
  const model::TcpInfo& info = *event.info;
  return {.boot_time = event.boot_time,
          .state = event.connection.state,
          .ca_state = info.ca_state,
          .retransmits = info.retransmits,
          .rtt_us = info.rtt_us,
          .snd_cwnd = info.snd_cwnd,
          .unacked = info.unacked,
          .total_retrans = info.total_retrans,
          .unread_bytes = info.unread_bytes,
          .unsent_bytes = info.unsent_bytes};
}

WorstConnection measured(const model::Event& event) {
  WorstConnection worst;
  const auto take = [&worst](std::uint32_t retransmits, std::uint32_t rtt_us) {
    worst.retransmits = std::max<std::uint64_t>(worst.retransmits, retransmits);
    worst.max_rtt_us = std::max(worst.max_rtt_us, rtt_us);
  };
  for (const Sample& sample : event.history) {
    take(sample.total_retrans, sample.rtt_us);
  }
  if (describes_connection(event)) {
    take(event.info->total_retrans, event.info->rtt_us);
  }
  return worst;
}

bool worse(const WorstConnection& a, const WorstConnection& b) {
  return std::tie(a.retransmits, a.max_rtt_us) > std::tie(b.retransmits, b.max_rtt_us);
}

// The same, with times of the wall and nothing that lives elsewhere.
model::Event kept(const model::Event& event, std::chrono::nanoseconds boot_to_wall) {
  model::Event copy = event;
  copy.kernel_reason = {};
  if (describes_connection(copy)) {
    copy.history.push_back(last_sample(copy));
  }
  copy.boot_time += boot_to_wall;
  for (Sample& sample : copy.history) {
    sample.boot_time += boot_to_wall;
  }
  return copy;
}

}  // namespace

void WorstConnections::add(const model::Event& event, const std::string& host,
                           std::chrono::nanoseconds boot_to_wall) {
  ++seen_;
  WorstConnection candidate = measured(event);
  const auto place = std::ranges::find_if(
      worst_, [&](const WorstConnection& other) { return worse(candidate, other); });
  if (place == worst_.end() && worst_.size() >= kKept) {
    return;
  }
  candidate.host = host;
  candidate.event = kept(event, boot_to_wall);
  worst_.insert(place, std::move(candidate));
  if (worst_.size() > kKept) {
    worst_.pop_back();
  }
}

}  // namespace tcptrace::report
