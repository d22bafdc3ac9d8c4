// SPDX-License-Identifier: GPL-2.0
#include "stress/packet.h"

#include <arpa/inet.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>

#include <array>
#include <cstring>
#include <span>
#include <stdexcept>
#include <system_error>
#include <vector>

namespace tcptrace::stress {
namespace {

std::uint32_t ones_sum(std::span<const std::uint8_t> bytes, std::uint32_t sum = 0) {
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    sum += static_cast<std::uint32_t>(bytes[i]) << (i % 2 == 0 ? 8 : 0);
  }
  return sum;
}

std::uint16_t checksum(std::uint32_t sum) {
  while (sum >> 16 != 0) {
    sum = (sum & 0xffff) + (sum >> 16);
  }
  return htons(static_cast<std::uint16_t>(~sum));
}

template <typename T>
std::span<const std::uint8_t> bytes_of(const T& value) {
  return {reinterpret_cast<const std::uint8_t*>(&value), sizeof(value)};
}

in_addr_t ipv4(const std::string& text) {
  in_addr address{};
  require(::inet_pton(AF_INET, text.c_str(), &address) == 1, "not an IPv4 address");
  return address.s_addr;
}

iphdr ip_header(const Segment& segment, std::size_t tcp_size) {
  iphdr ip{};
  ip.version = 4;
  ip.ihl = 5;
  ip.tot_len = htons(static_cast<std::uint16_t>(sizeof(ip) + tcp_size));
  ip.id = htons(0x1234);
  ip.ttl = segment.ttl;
  ip.protocol = IPPROTO_TCP;
  ip.saddr = ipv4(segment.from.address);
  ip.daddr = ipv4(segment.to.address);
  ip.check = checksum(ones_sum(bytes_of(ip)));
  return ip;
}

tcphdr tcp_header(const Segment& segment) {
  tcphdr tcp{};
  tcp.source = htons(segment.from.port);
  tcp.dest = htons(segment.to.port);
  tcp.seq = htonl(segment.seq);
  tcp.ack_seq = htonl(segment.ack);
  tcp.doff = 5;
  tcp.th_flags = segment.flags;
  tcp.window = htons(8192);
  return tcp;
}

// Accepts outgoing IPv4 and IPv6 packets (no extension headers) whose TCP header has RST; takes no
// bytes of them.
constexpr std::uint32_t kPacketType = static_cast<std::uint32_t>(SKF_AD_OFF + SKF_AD_PKTTYPE);
constexpr std::uint32_t kProtocol = static_cast<std::uint32_t>(SKF_AD_OFF + SKF_AD_PROTOCOL);
constexpr std::array<sock_filter, 16> kOutgoingRst{{
    BPF_STMT(BPF_LD | BPF_B | BPF_ABS, kPacketType),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PACKET_OUTGOING, 0, 13),
    BPF_STMT(BPF_LD | BPF_H | BPF_ABS, kProtocol),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETH_P_IP, 0, 5),
    BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 9),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_TCP, 0, 9),
    BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 0),
    BPF_STMT(BPF_LD | BPF_B | BPF_IND, 13),
    BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, kRst, 5, 6),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETH_P_IPV6, 0, 5),
    BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 6),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_TCP, 0, 3),
    BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 53),
    BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, kRst, 0, 1),
    BPF_STMT(BPF_RET | BPF_K, 1),
    BPF_STMT(BPF_RET | BPF_K, 0),
}};

constexpr int kCaptureBytes = 64 << 20;

}  // namespace

void inject(const Netns& netns, const Segment& segment) {
  tcphdr tcp = tcp_header(segment);
  const std::size_t tcp_size = sizeof(tcp) + segment.payload.size();
  const iphdr ip = ip_header(segment, tcp_size);
  std::uint32_t sum = ones_sum(bytes_of(ip.saddr), ones_sum(bytes_of(ip.daddr)));
  sum += IPPROTO_TCP + static_cast<std::uint32_t>(tcp_size);
  const std::span payload(reinterpret_cast<const std::uint8_t*>(segment.payload.data()),
                          segment.payload.size());
  tcp.check = checksum(ones_sum(payload, ones_sum(bytes_of(tcp), sum)));

  std::vector<std::uint8_t> packet(sizeof(ip) + tcp_size);
  std::memcpy(packet.data(), &ip, sizeof(ip));
  std::memcpy(packet.data() + sizeof(ip), &tcp, sizeof(tcp));
  std::memcpy(packet.data() + sizeof(ip) + sizeof(tcp), payload.data(), payload.size());

  const InNetns inside(netns);
  const UniqueFd raw(::socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW));
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_addr.s_addr = ip.daddr;
  if (::sendto(raw.get(), packet.data(), packet.size(), 0, reinterpret_cast<const sockaddr*>(&to),
               sizeof(to)) < 0) {
    throw std::system_error(errno, std::generic_category(), "raw sendto");
  }
}

void forge_reset(const Netns& netns, const Endpoint& from, const Endpoint& to, int victim) {
  constexpr std::uint8_t kTtl = 41;  // not that of a host on the same link
  const Sequence next = sequence(victim);
  inject(
      netns,
      {.from = from, .to = to, .seq = next.receive, .ack = next.send, .flags = kRst, .ttl = kTtl});
}

RstCapture::RstCapture(const Netns& netns, std::string_view device) {
  const InNetns inside(netns);
  // Protocol 0: nothing arrives before the filter is in place.
  fd_ = UniqueFd(::socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const sock_fprog filter{.len = kOutgoingRst.size(),
                          .filter = const_cast<sock_filter*>(kOutgoingRst.data())};
  sockaddr_ll where{};
  where.sll_family = AF_PACKET;
  where.sll_protocol = htons(ETH_P_ALL);
  where.sll_ifindex = static_cast<int>(::if_nametoindex(std::string(device).c_str()));
  if (!fd_.valid() ||
      ::setsockopt(fd_.get(), SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof(filter)) != 0 ||
      ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVBUFFORCE, &kCaptureBytes, sizeof(kCaptureBytes)) !=
          0 ||
      ::bind(fd_.get(), reinterpret_cast<const sockaddr*>(&where), sizeof(where)) != 0) {
    throw std::system_error(errno, std::generic_category(), "packet capture");
  }
}

std::uint64_t RstCapture::count() {
  char byte = 0;
  while (::recv(fd_.get(), &byte, 1, MSG_TRUNC) > 0) {
    ++count_;
  }
  tpacket_stats stats{};
  socklen_t size = sizeof(stats);
  if (::getsockopt(fd_.get(), SOL_PACKET, PACKET_STATISTICS, &stats, &size) != 0 ||
      stats.tp_drops != 0) {
    throw std::runtime_error("the packet capture lost packets");
  }
  return count_;
}

}  // namespace tcptrace::stress
