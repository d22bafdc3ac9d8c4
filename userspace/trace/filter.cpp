// SPDX-License-Identifier: GPL-2.0
#include "trace/filter.h"

#include <algorithm>
#include <span>
#include <vector>

namespace tcptrace::trace {
namespace {

using model::empty_or_has;
using model::PortRange;
using model::PortSide;

bool process_matches(const model::Filter& filter, const model::Process* owner) {
  if (!model::asks_for_owner(filter)) {
    return true;
  }
  return owner != nullptr && empty_or_has(filter.pids, owner->pid) &&
         empty_or_has(filter.cgroups, owner->cgroup_id) &&
         empty_or_has(filter.comms, owner->comm_view());
}

bool within(const PortRange& range, std::uint16_t port) {
  return range.low <= port && port <= range.high;
}

bool port_matches(const PortRange& range, const model::Connection& connection) {
  const bool local = range.side != PortSide::kPeer && within(range, connection.local_port);
  const bool peer = range.side != PortSide::kLocal && within(range, connection.peer_port);
  return local || peer;
}

// Local, peer and either-side ports are three kinds of condition.
bool ports_match(const std::vector<PortRange>& ports, const model::Connection& connection) {
  for (const PortSide side : {PortSide::kLocal, PortSide::kPeer, PortSide::kEither}) {
    bool asked = false;
    bool matched = false;
    for (const PortRange& range : ports) {
      if (range.side == side) {
        asked = true;
        matched = matched || port_matches(range, connection);
      }
    }
    if (asked && !matched) {
      return false;
    }
  }
  return true;
}

bool covers(const model::Prefix& prefix, const model::Address& address) {
  const std::size_t whole = prefix.length / 8;
  const std::span want(prefix.address.bytes);
  const std::span have(address.bytes);
  if (!std::ranges::equal(want.first(whole), have.first(whole))) {
    return false;
  }
  const unsigned rest = prefix.length % 8;
  return rest == 0 || ((want[whole] ^ have[whole]) >> (8 - rest)) == 0;
}

bool addresses_match(const model::Filter& filter, const model::Connection& connection) {
  if (filter.family && *filter.family != connection.family) {
    return false;
  }
  return filter.prefixes.empty() ||
         std::ranges::any_of(filter.prefixes, [&](const model::Prefix& prefix) {
           return prefix.family == connection.family &&
                  (covers(prefix, connection.local) || covers(prefix, connection.peer));
         });
}

bool is_failed_connect(const model::Event& event) {
  return event.connection.state != model::TcpState::kEstablished && !event.reset_sent &&
         !event.reset_received;
}

// An ICMP error that is only queued is no reason for the kernel side to look closer, unless it
// reports the change of state anyway: transition_wanted() in bpf/state.bpf.c.
bool is_failed_close(const model::EventSelection& selection, const model::Event& event) {
  const bool only_queued = event.info && event.info->sk_err == 0;
  return event.err != 0 && !event.reset_sent && !event.reset_received &&
         (!only_queued || selection.state);
}

}  // namespace

bool matches(const model::Filter& filter, const model::Connection& connection,
             const model::Process* owner) {
  return empty_or_has(filter.netns, connection.netns) && addresses_match(filter, connection) &&
         ports_match(filter.ports, connection) && process_matches(filter, owner);
}

bool selects(const model::EventSelection& selection, const model::Event& event) {
  switch (event.kind) {
    case model::EventKind::kState:
      return selection.state;
    case model::EventKind::kConnect:
      return selection.connect || (selection.failure && is_failed_connect(event));
    case model::EventKind::kAccept:
      return selection.accept;
    case model::EventKind::kClose:
      return selection.close || (selection.failure && is_failed_close(selection, event));
    case model::EventKind::kRetransmit:
      return selection.retransmit;
    case model::EventKind::kResetSent:
    case model::EventKind::kResetReceived:
      return selection.reset;
  }
  return false;
}

}  // namespace tcptrace::trace
