// SPDX-License-Identifier: GPL-2.0
// An analysis as one JSON line.
#include <algorithm>
#include <cmath>

#include "model/local_ports.h"
#include "output/analysis.h"
#include "output/census_json.h"
#include "output/json_record.h"
#include "output/words.h"

namespace tcptrace::output {
namespace {

using model::Analysis;
using model::SocketCensus;

void write_findings(JsonWriter& json, const Analysis& analysis) {
  json.array<"findings">();
  for (const model::Finding& finding : analysis.findings) {
    json.open_object();
    json.word<"name">(model::finding_name(finding.id));
    json.word<"level">(model::finding_level_name(finding.level));
    json.number_unless_zero<"netns">(finding.netns);
    json.string_unless_empty<"subject">(finding.subject);
    json.number<"number">(finding.number);
    if (finding.limit) {
      json.number<"limit">(*finding.limit);
    }
    if (finding.percent) {
      json.real<"percent">(*finding.percent);
    }
    json.string<"summary">(finding.summary);
    json.string<"why">(finding.why);
    json.string<"advice">(finding.advice);
    json.close_object();
  }
  json.close_array();
}

void write_sockets(JsonWriter& json, const Analysis& analysis) {
  const SocketCensus& census = analysis.census;
  json.object<"sockets">();
  json.number<"total">(census.sockets);
  json.word<"source">(model::socket_source_name(analysis.source));
  write_states(json, census.states);
  write_rows<"local_ports">(json, census.local_ports);
  write_rows<"peers">(json, census.peers);
  write_rows<"processes">(json, census.processes);
  write_rows<"containers">(json, census.containers);
  write_rows<"listeners">(json, census.listeners);
  write_rows<"close_wait">(json, census.close_wait);
  write_rows<"port_use">(json, census.port_use);
  json.close_object();
}

void write_counters(JsonWriter& json, const Analysis& analysis, std::uint32_t netns) {
  json.array<"counters">();
  for (const model::CounterFact& fact : analysis.counters) {
    if (fact.netns != netns) {
      continue;
    }
    json.open_object();
    json.string<"name">(fact.name);
    json.number<"total">(fact.total);
    if (fact.per_second) {
      json.real<"per_second">(*fact.per_second);
    }
    if (fact.recent && analysis.interval) {
      json.number<"recent">(*fact.recent);
      json.real<"recent_per_second">(per_second(*fact.recent, *analysis.interval));
    }
    json.close_object();
  }
  json.close_array();
}

void write_interfaces(JsonWriter& json, const model::NetnsFacts& netns) {
  json.array<"interfaces">();
  for (const model::Interface& interface : netns.interfaces) {
    json.open_object();
    json.string<"name">(interface.name);
    json.number<"rx_bytes">(interface.rx_bytes);
    json.number<"rx_packets">(interface.rx_packets);
    json.number<"rx_errors">(interface.rx_errors);
    json.number<"rx_dropped">(interface.rx_dropped);
    json.number<"rx_overruns">(interface.rx_overruns);
    json.number<"tx_bytes">(interface.tx_bytes);
    json.number<"tx_packets">(interface.tx_packets);
    json.number<"tx_errors">(interface.tx_errors);
    json.number<"tx_dropped">(interface.tx_dropped);
    json.number<"tx_overruns">(interface.tx_overruns);
    json.number<"collisions">(interface.collisions);
    json.number<"carrier_errors">(interface.carrier_errors);
    json.close_object();
  }
  json.close_array();
}

void write_sockstat(JsonWriter& json, const model::NetnsFacts& netns) {
  if (netns.sockstat) {
    json.object<"sockstat">();
    json.number<"tcp_inuse">(netns.sockstat->tcp_inuse);
    json.number<"tcp6_inuse">(netns.sockstat->tcp6_inuse);
    json.number<"orphan">(netns.sockstat->orphan);
    json.number<"time_wait">(netns.sockstat->time_wait);
    json.number<"alloc">(netns.sockstat->alloc);
    json.number<"memory_pages">(netns.sockstat->memory_pages);
    json.close_object();
  }
  if (netns.conntrack) {
    json.object<"conntrack">();
    json.number<"count">(netns.conntrack->count);
    json.number_unless_zero<"limit">(netns.conntrack->limit);
    json.number<"insert_failed">(netns.conntrack->insert_failed);
    json.number<"drop">(netns.conntrack->drop);
    json.number<"early_drop">(netns.conntrack->early_drop);
    json.close_object();
  }
}

void write_settings(JsonWriter& json, const model::NetnsFacts& netns) {
  json.array<"sysctls">();
  for (const auto& [name, value] : netns.sysctls) {
    json.open_object();
    json.string<"name">(name);
    json.string<"value">(value);
    json.close_object();
  }
  json.close_array();
  if (netns.sysctls.empty()) {
    return;
  }
  const model::LocalPorts ports = model::local_ports(netns.sysctls);
  json.object<"port_range">();
  json.number<"low">(ports.low);
  json.number<"high">(ports.high);
  json.number<"reserved">(ports.reserved);
  json.number<"available">(ports.available());
  json.close_object();
}

void write_namespaces(JsonWriter& json, const Analysis& analysis) {
  json.array<"namespaces">();
  for (const model::NetnsFacts& netns : analysis.facts.namespaces) {
    json.open_object();
    json.number<"netns">(netns.inode);
    json.string_unless_empty<"name">(netns.name);
    json.flag<"host">(netns.host);
    json.flag<"own">(netns.own);
    const auto counted =
        std::ranges::find(analysis.census.namespaces, netns.inode, &model::NetnsCensus::netns);
    if (counted != analysis.census.namespaces.end()) {
      write_states(json, counted->states);
    }
    write_sockstat(json, netns);
    write_counters(json, analysis, netns.inode);
    write_interfaces(json, netns);
    write_settings(json, netns);
    json.close_object();
  }
  json.close_array();
}

void write_machine(JsonWriter& json, const model::HostFacts& facts) {
  json.string_unless_empty<"kernel">(facts.kernel);
  json.milliseconds<"uptime_ms">(facts.boot_time);
  json.number<"memory_bytes">(facts.memory_bytes);
  json.number<"page_bytes">(facts.page_bytes);
  if (facts.softnet) {
    json.object<"softnet">();
    json.number<"cpus">(facts.softnet->cpus);
    json.number<"processed">(facts.softnet->processed);
    json.number<"dropped">(facts.softnet->dropped);
    json.number<"time_squeeze">(facts.softnet->time_squeeze);
    json.close_object();
  }
}

void write_missing(JsonWriter& json, const Analysis& analysis) {
  json.array<"missing">();
  for (const std::string& what : analysis.missing) {
    json.element(what);
  }
  for (const model::UnreadFact& fact : analysis.facts.unread) {
    json.element(fact.what + ": " + fact.why);
  }
  json.close_array();
}

}  // namespace

std::string analysis_json(const Analysis& analysis, const Context& context) {
  std::string out;
  JsonWriter json(out);
  write_head(json, "analysis", analysis.facts.boot_time, context);
  write_machine(json, analysis.facts);
  if (analysis.interval) {
    json.milliseconds<"interval_ms">(*analysis.interval);
  }
  write_findings(json, analysis);
  write_sockets(json, analysis);
  write_namespaces(json, analysis);
  write_missing(json, analysis);
  json.close_object();
  json.end_line();
  return out;
}

}  // namespace tcptrace::output
