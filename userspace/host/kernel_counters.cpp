// SPDX-License-Identifier: GPL-2.0
#include "host/kernel_counters.h"

#include <algorithm>
#include <cstddef>
#include <vector>

#include <fmt/core.h>

#include "host/netns.h"
#include "host/netns_reader.h"
#include "host/procfs.h"

namespace tcptrace::host {
namespace {

namespace fs = std::filesystem;

Result<Counters> read_one(const fs::path& root, const NetNamespace& netns) {
  auto counters = read_through_process<Counters>(root, netns, read_counters);
  return counters || netns.name.empty()
             ? counters
             : read_from_within<Counters>(root, netns.inode, netns_paths(root, netns),
                                          read_counters);
}

}  // namespace

Result<Counters> read_counters(const fs::path& directory) {
  const auto snmp = read_file(directory / "snmp");
  if (!snmp) {
    return std::unexpected(snmp.error());
  }
  Counters counters;
  parse_counters(*snmp, counters);
  if (const auto netstat = read_file(directory / "netstat")) {
    parse_counters(*netstat, counters);
  }
  return counters;
}

void parse_counters(std::string_view text, Counters& into) {
  const std::vector<std::string_view> all = lines(text);
  for (std::size_t i = 0; i + 1 < all.size(); ++i) {
    const std::vector<std::string_view> names = fields(all[i]);
    const std::vector<std::string_view> values = fields(all[i + 1]);
    if (names.empty() || values.empty() || names[0] != values[0] || !names[0].ends_with(':')) {
      continue;
    }
    const std::string_view protocol = names[0].substr(0, names[0].size() - 1);
    for (std::size_t k = 1; k < std::min(names.size(), values.size()); ++k) {
      if (const auto value = parse_number<std::uint64_t>(values[k])) {
        into.insert_or_assign(fmt::format("{}.{}", protocol, names[k]), *value);
      }
    }
    ++i;
  }
}

CountersByNetns read_kernel_counters(const fs::path& root) {
  CountersByNetns result;
  for (const NetNamespace& netns : list_netns(root)) {
    NetnsCounters& entry = result[netns.inode];
    entry.name = netns_label(root, netns);
    if (auto counters = read_one(root, netns)) {
      entry.counters = std::move(*counters);
    } else {
      entry.unreadable = counters.error().what;
    }
  }
  return result;
}

}  // namespace tcptrace::host
