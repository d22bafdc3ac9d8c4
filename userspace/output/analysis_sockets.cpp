// SPDX-License-Identifier: GPL-2.0
// The tables of an analysis that count sockets.
#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include <fmt/core.h>

#include "base/text.h"
#include "model/tuple.h"
#include "output/analysis_tables.h"
#include "output/text_columns.h"

namespace tcptrace::output {
namespace {

using model::Analysis;
using model::SocketCensus;
using model::TcpState;

std::string safe_netns(const Analysis& analysis, std::uint32_t inode) {
  return terminal_safe(netns_text(analysis, inode));
}

std::string pid_text(const model::Process& process) {
  return process.pid == 0 ? std::string() : std::to_string(process.pid);
}

// What is zero is left out, so that what is there stands out.
std::string unless_zero(std::uint64_t number) { return number == 0 ? "" : grouped(number); }

void append_states(std::string& out, const Analysis& analysis, const Context& context) {
  const SocketCensus& census = analysis.census;
  std::vector<TextColumn> columns{{.title = "NETNS", .shown = several_netns(analysis)},
                                  {.title = "SOCKETS", .number = true}};
  std::vector<std::size_t> shown;
  for (std::size_t i = 0; i < census.states.size(); ++i) {
    if (census.states[i] != 0) {
      shown.push_back(i);
      columns.push_back({.title = model::state_name(static_cast<TcpState>(i)), .number = true});
    }
  }
  TextColumns table(std::move(columns));
  const auto add = [&](std::string name, const model::StateCounts& states) {
    std::uint64_t all = 0;
    for (const std::uint64_t count : states) {
      all += count;
    }
    std::vector<std::string> cells{std::move(name), grouped(all)};
    for (const std::size_t i : shown) {
      cells.push_back(unless_zero(states[i]));
    }
    table.row(std::move(cells));
  };
  if (several_netns(analysis) || census.namespaces.size() != 1) {
    add("all", census.states);
  }
  for (const model::NetnsCensus& netns : census.namespaces) {
    add(safe_netns(analysis, netns.netns), netns.states);
  }
  out += '\n';
  table.append(out, context);
}

void append_table(std::string& out, const TextColumns& table, const Context& context) {
  if (!table.empty()) {
    out += '\n';
    table.append(out, context);
  }
}

void append_ports_and_peers(std::string& out, const Analysis& analysis, const Context& context) {
  TextColumns ports({{.title = "NETNS", .shown = several_netns(analysis)},
                     {.title = "LOCAL PORT", .number = true},
                     {.title = "CONNECTIONS", .number = true}});
  for (const model::PortCount& row : analysis.census.local_ports) {
    ports.row(
        {safe_netns(analysis, row.netns), std::to_string(row.port), grouped(row.connections)});
  }
  append_table(out, ports, context);
  TextColumns peers({{.title = "PEER"},
                     {.title = "CONNECTIONS", .number = true},
                     {.title = "ESTABLISHED", .number = true}});
  for (const model::PeerCount& row : analysis.census.peers) {
    peers.row({model::address_text(row.family, row.address), grouped(row.connections),
               unless_zero(row.established)});
  }
  append_table(out, peers, context);
}

void append_owners(std::string& out, const Analysis& analysis, const Context& context) {
  TextColumns processes({{.title = "PID", .number = true},
                         {.title = "COMM"},
                         {.title = "CONNECTIONS", .number = true},
                         {.title = "ESTABLISHED", .number = true},
                         {.title = "CLOSE_WAIT", .number = true}});
  for (const model::ProcessCount& row : analysis.census.processes) {
    processes.row({pid_text(row.process), terminal_safe(row.process.comm_view()),
                   grouped(row.connections), unless_zero(row.established),
                   unless_zero(row.close_wait)});
  }
  append_table(out, processes, context);
  TextColumns containers(
      {{.title = "CONTAINER"}, {.title = "RUNTIME"}, {.title = "CONNECTIONS", .number = true}});
  for (const model::ContainerCount& row : analysis.census.containers) {
    // As docker and crictl show it.
    constexpr std::size_t kShortId = 12;
    containers.row({terminal_safe(row.container.substr(0, kShortId)), terminal_safe(row.runtime),
                    grouped(row.connections)});
  }
  append_table(out, containers, context);
}

void append_listeners(std::string& out, const Analysis& analysis, const Context& context) {
  TextColumns table({{.title = "NETNS", .shown = several_netns(analysis)},
                     {.title = "LISTENER"},
                     {.title = "PID", .number = true},
                     {.title = "COMM"},
                     {.title = "BACKLOG", .number = true},
                     {.title = "LIMIT", .number = true},
                     {.title = "SYN_RECV", .number = true},
                     {.title = "CONNECTIONS", .number = true}});
  const auto& all = analysis.census.listeners;
  const std::size_t shown = context.verbose ? all.size() : std::min(all.size(), analysis.top);
  for (std::size_t i = 0; i < shown; ++i) {
    const model::ListenerCount& row = all[i];
    table.row({safe_netns(analysis, row.netns),
               model::endpoint_text(row.family, row.address, row.port), pid_text(row.process),
               terminal_safe(row.process.comm_view()), grouped(row.backlog), grouped(row.limit),
               unless_zero(row.syn_recv), unless_zero(row.connections)});
  }
  append_table(out, table, context);
  if (shown < all.size()) {
    out += fmt::format("and {} more: -v shows them\n", counted(all.size() - shown, "listener"));
  }
}

void append_close_wait(std::string& out, const Analysis& analysis, const Context& context) {
  TextColumns table({{.title = "NETNS", .shown = several_netns(analysis)},
                     {.title = "CLOSE_WAIT", .number = true},
                     {.title = "PID", .number = true},
                     {.title = "COMM"},
                     {.title = "WITH"},
                     {.title = "AT LEAST", .number = true},
                     {.title = "AT MOST", .number = true}});
  for (const model::CloseWaitSuspect& row : analysis.census.close_wait) {
    table.row({safe_netns(analysis, row.netns), grouped(row.connections), pid_text(row.process),
               terminal_safe(row.process.comm_view()),
               row.server ? fmt::format("{} at port {}", model::address_text(row.family, row.peer),
                                        row.port)
                          : model::endpoint_text(row.family, row.peer, row.port),
               human_duration(row.at_least), human_duration(row.at_most)});
  }
  append_table(out, table, context);
}

void append_port_use(std::string& out, const Analysis& analysis, const Context& context) {
  TextColumns table({{.title = "NETNS", .shown = several_netns(analysis)},
                     {.title = "LOCAL ADDRESS"},
                     {.title = "PEER"},
                     {.title = "PORTS", .number = true},
                     {.title = "TIME_WAIT", .number = true},
                     {.title = "OF", .number = true},
                     {.title = "TAKEN", .number = true}});
  for (const model::PortUse& row : analysis.census.port_use) {
    table.row(
        {safe_netns(analysis, row.netns), model::address_text(row.family, row.local),
         model::endpoint_text(row.family, row.peer, row.peer_port), grouped(row.ports),
         unless_zero(row.time_wait), grouped(row.available),
         row.available == 0 ? std::string() : fmt::format("{:.1f} %", model::ports_percent(row))});
  }
  append_table(out, table, context);
}

}  // namespace

bool several_netns(const Analysis& analysis) {
  return analysis.facts.namespaces.size() > 1 || analysis.census.namespaces.size() > 1;
}

std::string netns_text(const Analysis& analysis, std::uint32_t inode) {
  const auto found = std::ranges::find(analysis.facts.namespaces, inode, &model::NetnsFacts::inode);
  return found == analysis.facts.namespaces.end() || found->name.empty() ? std::to_string(inode)
                                                                         : found->name;
}

void append_socket_tables(std::string& out, const Analysis& analysis, const Context& context) {
  append_states(out, analysis, context);
  append_listeners(out, analysis, context);
  append_close_wait(out, analysis, context);
  append_port_use(out, analysis, context);
  append_ports_and_peers(out, analysis, context);
  append_owners(out, analysis, context);
}

}  // namespace tcptrace::output
