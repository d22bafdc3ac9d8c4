// SPDX-License-Identifier: GPL-2.0
// Advice that more than one rule gives.
#pragma once

#include <string_view>

namespace tcptrace::diagnose::advice {

inline constexpr std::string_view kAskWho = "ask who runs it";
inline constexpr std::string_view kFindForger =
    "look for a peer or a device that repeats or forges handshakes";
inline constexpr std::string_view kFindLocalRule =
    "find the rule (nft list ruleset, iptables-save: reject with tcp reset)";
inline constexpr std::string_view kFindRejectingRule =
    "look for the rule that rejects this port at the peer and on the way";
inline constexpr std::string_view kLeaveLinger2 =
    "leave TCP_LINGER2 alone, or let the peer close first";
inline constexpr std::string_view kPeerIsGone =
    "the peer or the way to it is gone, or TCP_USER_TIMEOUT is too short for it";
inline constexpr std::string_view kSeeOrphanLimits =
    "see TcpExt TCPAbortOnMemory, net.ipv4.tcp_max_orphans and net.ipv4.tcp_mem";
inline constexpr std::string_view kSeeRoutes =
    "a router or the neighbour's silence (ARP, ND) said so: see ip neigh, ip route and the path";
inline constexpr std::string_view kStartServer =
    "start the server, or send its clients to the right port and address";
inline constexpr std::string_view kSubflowsGoOn =
    "the other subflows go on; look at the reason if this one should not have ended";
inline constexpr std::string_view kTraceThere = "its reason is on the other host: trace there";

}  // namespace tcptrace::diagnose::advice
