// SPDX-License-Identifier: GPL-2.0
// The kernel's own TCP counters (net/snmp, net/netstat) of every reachable network namespace.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>

#include "base/result.h"
#include "model/host_facts.h"

namespace tcptrace::host {

using model::Counters;

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

// Of the namespace whose /proc/…/net `directory` is. netstat may be missing where snmp is not.
[[nodiscard]] Result<Counters> read_counters(const std::filesystem::path& directory);

// Reads through a process of each namespace; from within where only a name is left.
[[nodiscard]] CountersByNetns read_kernel_counters(const std::filesystem::path& root);

}  // namespace tcptrace::host
