// SPDX-License-Identifier: GPL-2.0
// An analysis with everything that one can have.
#pragma once

#include "model/analysis.h"
#include "support/samples.h"

namespace tcptrace::samples {

inline model::NetnsFacts netns_facts() {
  model::NetnsFacts netns;
  netns.inode = 4026531840;
  netns.name = "host";
  netns.host = netns.own = true;
  netns.sysctls = {{"net.ipv4.ip_local_port_range", "32768 60999"},
                   {"net.ipv4.ip_local_reserved_ports", "40000-40009"},
                   {"net.ipv4.tcp_congestion_control", "cubic"},
                   {"net.ipv4.tcp_keepalive_time", "7200"},
                   {"net.ipv4.tcp_mem", "190389 253853 380778"},
                   {"net.core.somaxconn", "4096"}};
  netns.sockstat = model::Sockstat{.tcp_inuse = 12,
                                   .tcp6_inuse = 3,
                                   .orphan = 1,
                                   .time_wait = 40,
                                   .alloc = 16,
                                   .memory_pages = 7};
  netns.conntrack = model::Conntrack{
      .count = 900, .limit = 262144, .insert_failed = 3, .drop = 1, .early_drop = 2};
  netns.interfaces.push_back({.name = "eth0",
                              .rx_bytes = 90'000'000,
                              .rx_packets = 61'000,
                              .rx_errors = 1,
                              .rx_dropped = 2,
                              .tx_bytes = 8'000'000,
                              .tx_packets = 31'000,
                              .carrier_errors = 1});
  return netns;
}

inline model::SocketCensus census() {
  model::SocketCensus census;
  census.sockets = 96;
  for (std::size_t state = 1; state <= 11; ++state) {
    census.states.at(state) = state == 6 ? 40 : 5;
  }
  census.namespaces.push_back({.netns = 4026531840, .states = census.states});
  census.local_ports.push_back({.netns = 4026531840, .port = 8080, .connections = 1'250});
  census.peers.push_back({.address = ipv4(10, 0, 0, 9), .connections = 1'000, .established = 950});
  census.processes.push_back(
      {.process = process(), .connections = 1'200, .established = 1'100, .close_wait = 60});
  census.containers.push_back(
      {.container = process().cgroup->container, .runtime = "docker", .connections = 1'200});
  census.listeners.push_back({.netns = 4026531840,
                              .address = {},
                              .port = 8080,
                              .process = process(),
                              .backlog = 129,
                              .limit = 128,
                              .connections = 1'250,
                              .syn_recv = 5});
  census.close_wait.push_back({.netns = 4026531840,
                               .process = process(),
                               .peer = ipv4(10, 0, 0, 9),
                               .port = 443,
                               .connections = 60,
                               .at_least = std::chrono::minutes(3),
                               .at_most = std::chrono::hours(2)});
  census.port_use.push_back({.netns = 4026531840,
                             .local = ipv4(10, 0, 0, 5),
                             .peer = ipv4(10, 0, 0, 9),
                             .peer_port = 443,
                             .ports = 700,
                             .time_wait = 40,
                             .available = 28'222});
  return census;
}

inline model::Analysis analysis() {
  model::Analysis analysis;
  analysis.listed = 1;
  analysis.facts.boot_time = std::chrono::hours(76);
  analysis.facts.host = "node-7";
  analysis.facts.kernel = "6.1.0-31-amd64";
  analysis.facts.memory_bytes = 16ULL << 30U;
  analysis.facts.softnet =
      model::Softnet{.cpus = 4, .processed = 92'000, .dropped = 1, .time_squeeze = 11};
  analysis.facts.namespaces.push_back(netns_facts());
  analysis.facts.unread.push_back({.what = "net.ipv4.tcp_fastopen", .why = "Permission denied"});
  analysis.census = census();
  analysis.interval = std::chrono::seconds(10);
  analysis.counters.push_back({.netns = 4026531840,
                               .name = "Tcp.RetransSegs",
                               .total = 10'360,
                               .per_second = 0.0379,
                               .recent = 36});
  analysis.findings.push_back({.id = model::FindingId::kListenerQueueFull,
                               .level = model::FindingLevel::kCritical,
                               .netns = 4026531840,
                               .subject = "0.0.0.0:8080, pid 812 (api)",
                               .number = 129,
                               .limit = 128,
                               .percent = 100.78,
                               .summary = "129 connections wait to be accepted",
                               .why = "the kernel drops new handshakes",
                               .advice = "see why the process does not accept"});
  analysis.missing.emplace_back("the sockets of 3 other processes whose files cannot be read");
  return analysis;
}

}  // namespace tcptrace::samples
