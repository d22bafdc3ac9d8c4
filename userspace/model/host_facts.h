// SPDX-License-Identifier: GPL-2.0
// What a host says of its TCP, besides its sockets: counters, settings, memory, interfaces. Plain
// data; what could not be read is absent and has a line in `unread`.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace tcptrace::model {

// Of net/snmp and net/netstat, by protocol and name: "Tcp.OutRsts", "TcpExt.TCPAbortOnData".
using Counters = std::map<std::string, std::uint64_t, std::less<>>;

// By sysctl's name, "net.ipv4.tcp_fin_timeout"; the text without the end of its line, numbers of a
// list apart by one blank.
using Sysctls = std::map<std::string, std::string, std::less<>>;

// net/sockstat and net/sockstat6. Orphans and memory are of the whole host, the rest of one network
// namespace.
struct Sockstat {
  std::uint64_t tcp_inuse = 0;   // IPv4
  std::uint64_t tcp6_inuse = 0;  // IPv6
  std::uint64_t orphan = 0;
  std::uint64_t time_wait = 0;
  std::uint64_t alloc = 0;
  std::uint64_t memory_pages = 0;
};

// A line of net/dev. More of an interface is below /sys, but only of the namespace for which that
// was mounted.
struct Interface {
  std::string name;
  std::uint64_t rx_bytes = 0, rx_packets = 0, rx_errors = 0, rx_dropped = 0, rx_overruns = 0;
  std::uint64_t tx_bytes = 0, tx_packets = 0, tx_errors = 0, tx_dropped = 0, tx_overruns = 0;
  std::uint64_t collisions = 0, carrier_errors = 0;
};

// net/softnet_stat, whatever the namespace. The kernel counts in 32 bits, which a busy CPU goes
// through within hours: only the growth between two readings means something for sure.
struct SoftnetCpu {
  std::uint32_t processed = 0;
  std::uint32_t dropped = 0;
  std::uint32_t time_squeeze = 0;
};
struct Softnet {
  std::uint32_t cpus = 0;  // that are online
  std::uint64_t processed = 0;
  std::uint64_t dropped = 0;       // the queue of a CPU was full
  std::uint64_t time_squeeze = 0;  // work was left when its time or budget was spent
  std::vector<SoftnetCpu> each{};  // of which these are the sums
};

// Connection tracking of one network namespace; counters of net/stat/nf_conntrack, all CPUs.
struct Conntrack {
  std::uint64_t count = 0;
  std::uint64_t limit = 0;  // 0: none, or not known
  std::uint64_t insert_failed = 0, drop = 0, early_drop = 0;

  // Packets for which the table had no room. What clashed with another packet of its flow, or found
  // its chain too long, counts as dropped and as not inserted: nf_ct_resolve_clash() (v5.7).
  [[nodiscard]] std::uint64_t without_room() const {
    return drop - std::min(drop, insert_failed) + early_drop;
  }
};

// What belongs to one network namespace.
struct NetnsFacts {
  std::uint32_t inode = 0;
  std::string name;     // "host", "netns blue", "pid 812 (nginx)"; empty: none is known
  bool host = false;    // the one the machine booted with
  bool own = false;     // the one of the reader
  Counters counters{};  // since the namespace is there
  Sysctls sysctls{};    // net.*
  std::optional<Sockstat> sockstat{};
  std::vector<Interface> interfaces{};
  std::optional<Conntrack> conntrack{};
};

struct UnreadFact {
  std::string what;  // "net.netfilter.nf_conntrack_max", "the settings of netns blue"
  std::string why;   // "cannot enter /run/netns/blue: Operation not permitted"
};

struct HostFacts {
  std::chrono::nanoseconds boot_time{};  // CLOCK_BOOTTIME, when it was read: also the uptime
  std::string host;                      // uname -n
  std::string kernel;                    // uname -r
  std::uint64_t memory_bytes = 0;        // MemTotal
  std::uint32_t page_bytes = 4096;
  std::optional<Softnet> softnet{};
  std::vector<NetnsFacts> namespaces{};  // the caller's own first
  std::vector<UnreadFact> unread{};
};

}  // namespace tcptrace::model
