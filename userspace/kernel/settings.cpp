// SPDX-License-Identifier: GPL-2.0
#include "kernel/settings.h"

#include <sys/socket.h>

#include <algorithm>
#include <cstring>

namespace tcptrace::kernel {
namespace {

static_assert(model::kMaxPids == TT_MAX_PIDS && model::kMaxComms == TT_MAX_COMMS &&
              model::kMaxNetns == TT_MAX_NETNS && model::kMaxCgroups == TT_MAX_CGROUPS &&
              model::kMaxPortRanges == TT_MAX_PORT_RANGES &&
              model::kMaxPrefixes == TT_MAX_PREFIXES);

constexpr std::uint32_t kind_bit(tt_kind kind) { return 1U << static_cast<unsigned>(kind); }

void set_events(tt_config& settings, const model::EventSelection& events) {
  if (events.reset) {
    settings.kinds |= kind_bit(TT_KIND_RESET_SENT) | kind_bit(TT_KIND_RESET_RECEIVED);
  }
  if (events.retransmit) {
    settings.kinds |= kind_bit(TT_KIND_RETRANSMIT) | kind_bit(TT_KIND_SYNACK_RETRANSMIT);
  }
  if (events.accept) {
    settings.kinds |= kind_bit(TT_KIND_ACCEPT);
  }
  if (events.state) {
    settings.kinds |= kind_bit(TT_KIND_STATE);
  }
  if (events.connect || events.failure) {
    settings.kinds |= kind_bit(TT_KIND_CONNECT);
  }
  if (events.close || events.failure) {
    settings.kinds |= kind_bit(TT_KIND_CLOSE);
  }
  if (!events.connect) {
    settings.failures_only |= kind_bit(TT_KIND_CONNECT);
  }
  if (!events.close) {
    settings.failures_only |= kind_bit(TT_KIND_CLOSE);
  }
}

std::uint8_t wire_side(model::PortSide side) {
  switch (side) {
    case model::PortSide::kLocal:
      return TT_PORT_LOCAL;
    case model::PortSide::kPeer:
      return TT_PORT_PEER;
    case model::PortSide::kEither:
      return TT_PORT_EITHER;
  }
  return TT_PORT_EITHER;
}

std::uint32_t wire_family(model::Family family) {
  return family == model::Family::kIpv4 ? AF_INET : AF_INET6;
}

void set_ports(tt_config& settings, const std::vector<model::PortRange>& ports) {
  for (const model::PortRange& range : ports) {
    tt_port_range& wire = settings.port_range[settings.port_ranges++];
    wire.low = range.low;
    wire.high = range.high;
    wire.side = wire_side(range.side);
    settings.local_ports += range.side == model::PortSide::kLocal;
    settings.peer_ports += range.side == model::PortSide::kPeer;
    settings.either_ports += range.side == model::PortSide::kEither;
  }
}

void set_prefixes(tt_config& settings, const std::vector<model::Prefix>& prefixes) {
  for (const model::Prefix& prefix : prefixes) {
    tt_prefix& wire = settings.prefix[settings.prefixes++];
    std::memcpy(wire.address, prefix.address.bytes.data(), sizeof(wire.address));
    auto* mask = reinterpret_cast<std::uint8_t*>(wire.mask);
    for (unsigned bit = 0; bit < prefix.length; ++bit) {
      mask[bit / 8] = static_cast<std::uint8_t>(mask[bit / 8] | (0x80U >> (bit % 8)));
    }
    wire.family = wire_family(prefix.family);
  }
}

void set_lists(tt_config& settings, const model::Filter& filter) {
  settings.pids = static_cast<std::uint32_t>(filter.pids.size());
  std::ranges::copy(filter.pids, settings.pid);
  settings.netns = static_cast<std::uint32_t>(filter.netns.size());
  std::ranges::copy(filter.netns, settings.netns_inode);
  settings.cgroups = static_cast<std::uint32_t>(filter.cgroups.size());
  std::ranges::copy(filter.cgroups, settings.cgroup_id);
  settings.comms = static_cast<std::uint32_t>(filter.comms.size());
  for (std::size_t i = 0; i < filter.comms.size(); ++i) {
    filter.comms[i].copy(settings.comm[i], TT_COMM_LEN - 1);
  }
}

void set_arguments(tt_config& settings, const ArgumentPositions& arguments) {
  settings.tp_reset_reason_arg = arguments.tp_reset_reason;
  settings.active_reset_reason_arg = arguments.active_reset_reason;
  settings.reply_reset_reason_arg = arguments.reply_reset_reason;
  settings.receive_reset_skb_arg = arguments.receive_reset_skb;
  settings.retransmit_err_arg = arguments.retransmit_err;
  settings.nf_reset_skb_arg = arguments.nf_reset_skb;
  settings.accept_ret_arg = arguments.accept_return;
}

}  // namespace

tt_config make_settings(const model::Filter& filter, const Features& features,
                        std::span<const Choice> choices, std::uint32_t ring_size_bytes) {
  tt_config settings{};
  set_events(settings, filter.events);
  set_lists(settings, filter);
  set_ports(settings, filter.ports);
  set_prefixes(settings, filter.prefixes);
  set_arguments(settings, features.arguments);
  settings.family = filter.family ? wire_family(*filter.family) : 0;
  settings.hz = features.hz;
  settings.have_socket_cookie = features.socket_cookie_helper ? 1 : 0;
  // Below an eighth the consumer's timer is soon enough; above it the buffer would fill while the
  // consumer wakes.
  settings.wakeup_bytes = ring_size_bytes / 8;
  for (const Choice& choice : choices) {
    if (choice.variant != nullptr) {
      settings.connect_errors |= choice.variant->tells_connect_errors ? 1 : 0;
      settings.track_egress |= choice.variant->watches_egress ? 1 : 0;
      settings.replies_announced |= choice.variant->announces_replies ? 1 : 0;
    }
  }
  return settings;
}

}  // namespace tcptrace::kernel
