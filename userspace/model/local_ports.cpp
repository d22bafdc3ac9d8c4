// SPDX-License-Identifier: GPL-2.0
#include "model/local_ports.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string_view>

#include "base/parse.h"
#include "model/sysctls.h"

namespace tcptrace::model {
namespace {

// "32768 60999", "9000-9010".
std::optional<LocalPortRange> range_of(std::string_view text, char between) {
  const std::size_t split = std::min(text.find(between), text.size());
  const auto low = parse_number<std::uint16_t>(text.substr(0, split));
  const auto high = parse_number<std::uint16_t>(text.substr(std::min(split + 1, text.size())));
  return low && high && *low <= *high ? std::optional(LocalPortRange{*low, *high}) : std::nullopt;
}

std::optional<LocalPortRange> reserved_range(std::string_view text) {
  const auto single = parse_number<std::uint16_t>(text);
  return single ? LocalPortRange{*single, *single} : range_of(text, '-');
}

}  // namespace

std::vector<LocalPortRange> reserved_ports(const Sysctls& sysctls) {
  std::vector<LocalPortRange> ranges;
  std::string_view list = sysctl_text(sysctls, "net.ipv4.ip_local_reserved_ports");
  while (!list.empty()) {
    const std::size_t comma = std::min(list.find(','), list.size());
    if (const auto range = reserved_range(list.substr(0, comma))) {
      ranges.push_back(*range);
    }
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return ranges;
}

LocalPorts local_ports(const Sysctls& sysctls) {
  LocalPorts ports;
  if (const auto range = range_of(sysctl_text(sysctls, "net.ipv4.ip_local_port_range"), ' ')) {
    ports.low = range->low;
    ports.high = range->high;
  }
  for (const LocalPortRange& reserved : reserved_ports(sysctls)) {
    const int low = std::max(reserved.low, ports.low);
    const int high = std::min(reserved.high, ports.high);
    ports.reserved += static_cast<std::uint32_t>(std::max(high - low + 1, 0));
  }
  ports.reserved = std::min(ports.reserved, ports.high - ports.low + 1U);
  return ports;
}

}  // namespace tcptrace::model
