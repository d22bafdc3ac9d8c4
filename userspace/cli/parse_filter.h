// SPDX-License-Identifier: GPL-2.0
// The filter options of a command line: declaration, values to model::Filter, limits, lookups on
// the host.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "cli/command_line.h"
#include "cli/parse_host.h"
#include "model/filter.h"

namespace tcptrace::cli {

// As typed.
struct FilterArguments {
  Values pids, comms, cgroups, netns, local_ports, peer_ports, ports, addresses, events;
  bool ipv4 = false, ipv6 = false;
};

// `pid_description` is for --pid, which can mean more than a filter.
void declare_filter(CommandLine& line, FilterArguments& arguments,
                    const std::string& pid_description);
void declare_events(CommandLine& line, FilterArguments& arguments);

[[nodiscard]] Result<void> take_filter(const FilterArguments& arguments, const HostLookup& host,
                                       model::Filter& filter);

// --netns alone: inode numbers.
void declare_netns(CommandLine& line, Values& values, const std::string& description);
[[nodiscard]] Result<void> take_netns(const Values& values, const HostLookup& host,
                                      std::vector<std::uint32_t>& netns);

// The same for what was recorded elsewhere, or is gone: numbers are not looked up, and cgroups
// given by path are put into `cgroups`.
[[nodiscard]] Result<void> take_recorded_filter(const FilterArguments& arguments,
                                                model::Filter& filter,
                                                std::vector<std::string>& cgroups);

}  // namespace tcptrace::cli
