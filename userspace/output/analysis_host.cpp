// SPDX-License-Identifier: GPL-2.0
// The tables of an analysis that say how the host is.
#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/core.h>

#include "base/text.h"
#include "model/local_ports.h"
#include "output/analysis_tables.h"
#include "output/text_cell.h"
#include "output/text_columns.h"
#include "output/words.h"

namespace tcptrace::output {
namespace {

using model::Analysis;
using model::NetnsFacts;

void append_counters(std::string& out, const Analysis& analysis, const NetnsFacts& netns,
                     const Context& context) {
  const bool again = analysis.interval.has_value();
  const std::string recent =
      again ? fmt::format("IN {}", human_duration(*analysis.interval)) : std::string();
  TextColumns table({{.title = "COUNTER"},
                     {.title = "TOTAL", .number = true},
                     {.title = "PER SECOND", .number = true, .shown = netns.host},
                     {.title = recent, .number = true, .shown = again},
                     {.title = "PER SECOND", .number = true, .shown = again}});
  for (const model::CounterFact& fact : analysis.counters) {
    if (fact.netns != netns.inode) {
      continue;
    }
    std::string rate;
    if (again && fact.recent) {
      rate = fmt::format("{:.2f}", per_second(*fact.recent, *analysis.interval));
    }
    table.row({std::string(fact.name), grouped(fact.total),
               fact.per_second ? fmt::format("{:.2f}", *fact.per_second) : std::string(),
               fact.recent ? grouped(*fact.recent) : std::string(), rate});
  }
  out += '\n';
  if (!table.empty()) {
    table.append(out, context);
  }
}

void append_interfaces(std::string& out, const NetnsFacts& netns, const Context& context) {
  TextColumns table({{.title = "INTERFACE"},
                     {.title = "RX PACKETS", .number = true},
                     {.title = "ERRORS", .number = true},
                     {.title = "DROPPED", .number = true},
                     {.title = "OVERRUNS", .number = true},
                     {.title = "TX PACKETS", .number = true},
                     {.title = "ERRORS", .number = true},
                     {.title = "DROPPED", .number = true},
                     {.title = "CARRIER", .number = true}});
  for (const model::Interface& interface : netns.interfaces) {
    table.row({terminal_safe(interface.name), grouped(interface.rx_packets),
               grouped(interface.rx_errors), grouped(interface.rx_dropped),
               grouped(interface.rx_overruns), grouped(interface.tx_packets),
               grouped(interface.tx_errors), grouped(interface.tx_dropped),
               grouped(interface.carrier_errors)});
  }
  out += '\n';
  if (!table.empty()) {
    table.append(out, context);
  }
}

std::string setting(const NetnsFacts& netns, std::string_view name) {
  const auto found = netns.sysctls.find(name);
  return found == netns.sysctls.end() ? std::string() : terminal_safe(found->second);
}

void append_memory(std::string& out, const Analysis& analysis, const NetnsFacts& netns) {
  const model::HostFacts& facts = analysis.facts;
  if (netns.sockstat) {
    const model::Sockstat& sockstat = *netns.sockstat;
    std::string words;
    Clauses clauses(words);
    clauses.add("{} of the machine's {}", human_bytes(sockstat.memory_pages * facts.page_bytes),
                human_bytes(facts.memory_bytes));
    if (const std::string limits = setting(netns, "net.ipv4.tcp_mem"); !limits.empty()) {
      clauses.add("tcp_mem {} pages of {}", limits, human_bytes(facts.page_bytes));
    }
    append_labelled(out, "memory", words);
    append_labelled(out, "sockets",
                    fmt::format("{} in use over IPv4, {} over IPv6, {} allocated, {} orphaned, {} "
                                "in TIME_WAIT",
                                grouped(sockstat.tcp_inuse), grouped(sockstat.tcp6_inuse),
                                grouped(sockstat.alloc), grouped(sockstat.orphan),
                                grouped(sockstat.time_wait)));
  }
  if (netns.conntrack) {
    const model::Conntrack& conntrack = *netns.conntrack;
    append_labelled(
        out, "conntrack",
        fmt::format("{} of {}, {} dropped, {} pushed out, {} not inserted",
                    grouped(conntrack.count),
                    conntrack.limit == 0 ? std::string("no known limit") : grouped(conntrack.limit),
                    grouped(conntrack.drop), grouped(conntrack.early_drop),
                    grouped(conntrack.insert_failed)));
  }
}

void append_softnet(std::string& out, const Analysis& analysis) {
  if (!analysis.facts.softnet) {
    return;
  }
  const model::Softnet& softnet = *analysis.facts.softnet;
  append_labelled(out, "packets",
                  fmt::format("{} on {}, {} dropped, {} times out of budget",
                              grouped(softnet.processed), counted(softnet.cpus, "CPU"),
                              grouped(softnet.dropped), grouped(softnet.time_squeeze)));
}

struct SettingLine {
  std::string_view label;
  std::string_view prefix;
  std::array<std::string_view, 6> names;  // empty: no more
};
constexpr auto kSettingLines = std::to_array<SettingLine>({
    SettingLine{"keep-alive",
                "net.ipv4.",
                {"tcp_keepalive_time", "tcp_keepalive_intvl", "tcp_keepalive_probes"}},
    SettingLine{"timeouts",
                "net.ipv4.",
                {"tcp_retries2", "tcp_syn_retries", "tcp_synack_retries", "tcp_fin_timeout",
                 "tcp_tw_reuse", "tcp_max_tw_buckets"}},
    SettingLine{"backlog", "net.core.", {"somaxconn", "netdev_max_backlog"}},
    SettingLine{
        "", "net.ipv4.", {"tcp_max_syn_backlog", "tcp_syncookies", "tcp_abort_on_overflow"}},
    SettingLine{"buffers", "net.ipv4.", {"tcp_rmem", "tcp_wmem", "tcp_moderate_rcvbuf"}},
    SettingLine{"", "net.core.", {"rmem_max", "wmem_max"}},
    SettingLine{"congestion",
                "net.ipv4.",
                {"tcp_congestion_control", "tcp_available_congestion_control",
                 "tcp_slow_start_after_idle", "tcp_ecn"}},
    SettingLine{"conntrack",
                "net.netfilter.",
                {"nf_conntrack_max", "nf_conntrack_tcp_timeout_established",
                 "nf_conntrack_tcp_be_liberal"}},
});

void append_settings(std::string& out, const NetnsFacts& netns, const Context& context) {
  if (netns.sysctls.empty()) {
    return;
  }
  out += '\n';
  if (context.verbose) {
    for (const auto& [name, value] : netns.sysctls) {
      out += fmt::format("{} = {}\n", name, terminal_safe(value));
    }
    return;
  }
  for (const SettingLine& line : kSettingLines) {
    std::string words;
    Clauses clauses(words);
    for (const std::string_view name : line.names) {
      if (const std::string value =
              name.empty() ? "" : setting(netns, fmt::format("{}{}", line.prefix, name));
          !value.empty()) {
        clauses.add("{} {}", name, value);
      }
    }
    if (!clauses.empty()) {
      append_labelled(out, line.label, words);
    }
  }
  const model::LocalPorts ports = model::local_ports(netns.sysctls);
  append_labelled(
      out, "ports",
      fmt::format("{}-{}, {} of them reserved", ports.low, ports.high, grouped(ports.reserved)));
}

}  // namespace

void append_host_tables(std::string& out, const Analysis& analysis, const Context& context) {
  const auto& namespaces = analysis.facts.namespaces;
  const std::size_t shown =
      context.verbose ? namespaces.size() : std::min<std::size_t>(namespaces.size(), 1);
  for (std::size_t i = 0; i < shown; ++i) {
    const NetnsFacts& netns = namespaces[i];
    if (namespaces.size() > 1) {
      out += '\n';
      append_colored(out, terminal_safe(netns_text(analysis, netns.inode)), Color::kBold, context);
      out += '\n';
    }
    append_counters(out, analysis, netns, context);
    append_interfaces(out, netns, context);
    out += '\n';
    append_memory(out, analysis, netns);
    if (i == 0) {
      append_softnet(out, analysis);
    }
    append_settings(out, netns, context);
  }
  if (shown < namespaces.size()) {
    out += fmt::format("\nand {} more: -v shows their counters and settings\n",
                       counted(namespaces.size() - shown, "network namespace"));
  }
}

}  // namespace tcptrace::output
