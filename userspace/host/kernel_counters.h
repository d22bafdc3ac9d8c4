// SPDX-License-Identifier: GPL-2.0
// The kernel's own TCP counters (net/snmp, net/netstat) of every reachable network namespace.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "base/result.h"

namespace tcptrace::host {

// By protocol and name: "Tcp.OutRsts", "TcpExt.TCPAbortOnData".
using Counters = std::map<std::string, std::uint64_t, std::less<>>;

struct NetnsCounters {
  std::string name;  // netns_label()
  Counters counters;
  std::string unreadable;  // why there are none; empty: there are
};

using CountersByNetns = std::map<std::uint32_t, NetnsCounters>;  // by inode number

// Adds what `text` has, in the form of net/snmp and net/netstat: a line of names, a line of values.
// Names differ between kernels. What is no counter (negative, unpaired, not a number) is passed
// over.
void parse_counters(std::string_view text, Counters& into);

// Reads through a process of each namespace; by setns() in a thread of its own where only a name is
// left.
[[nodiscard]] CountersByNetns read_kernel_counters(const std::filesystem::path& root);

}  // namespace tcptrace::host
