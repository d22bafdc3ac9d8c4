// SPDX-License-Identifier: GPL-2.0
#include "host/conntrack.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "host/procfs.h"
#include "model/sysctls.h"

namespace tcptrace::host {
namespace {

using model::Conntrack;

struct Column {
  std::string_view name;
  std::uint64_t Conntrack::*value;
};
constexpr std::array kCounters = {Column{"insert_failed", &Conntrack::insert_failed},
                                  Column{"drop", &Conntrack::drop},
                                  Column{"early_drop", &Conntrack::early_drop}};

void add_line(const std::vector<std::string_view>& names, std::string_view line, Conntrack& into) {
  static constexpr int kHex = 16;
  const std::vector<std::string_view> values = fields(line);
  for (std::size_t i = 0; i < std::min(names.size(), values.size()); ++i) {
    const auto value = parse_number<std::uint64_t>(values[i], kHex);
    if (!value) {
      continue;
    }
    if (names[i] == "entries") {
      into.count = *value;
    } else if (const auto* const column = std::ranges::find(kCounters, names[i], &Column::name);
               column != kCounters.end()) {
      into.*(column->value) += *value;
    }
  }
}

}  // namespace

Conntrack parse_conntrack_stat(std::string_view text) {
  Conntrack conntrack;
  const std::vector<std::string_view> all = lines(text);
  const std::vector<std::string_view> names = fields(all.empty() ? "" : all.front());
  for (std::size_t i = 1; i < all.size(); ++i) {
    add_line(names, all[i], conntrack);
  }
  return conntrack;
}

std::optional<Conntrack> read_conntrack(const std::filesystem::path& directory,
                                        const model::Sysctls& sysctls) {
  const auto stat = read_file(directory / "stat/nf_conntrack");
  const auto count = model::sysctl_number(sysctls, "net.netfilter.nf_conntrack_count");
  if (!stat && !count) {
    return std::nullopt;
  }
  Conntrack conntrack = parse_conntrack_stat(stat ? *stat : std::string_view());
  conntrack.count = count.value_or(conntrack.count);
  conntrack.limit = model::sysctl_number(sysctls, "net.netfilter.nf_conntrack_max").value_or(0);
  return conntrack;
}

}  // namespace tcptrace::host
