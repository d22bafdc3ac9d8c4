// SPDX-License-Identifier: GPL-2.0
#include "report/json_run.h"

#include <string>
#include <vector>

namespace tcptrace::report {
namespace {

using std::chrono::nanoseconds;

// The elements of an array; none where it is none.
const Json& elements(const Json& object, std::string_view key) {
  static const Json none = Json::array();
  const Json* value = member(object, key);
  return value != nullptr && value->is_array() ? *value : none;
}

std::vector<std::string> strings(const Json& object, std::string_view key) {
  std::vector<std::string> texts;
  for (const Json& element : elements(object, key)) {
    if (element.is_string()) {
      texts.emplace_back(within(element.get_ref<const std::string&>()));
    }
  }
  return texts;
}

model::HookStatus hook_of(const Json& object) {
  model::HookStatus hook{.name = std::string(text(object, "name")),
                         .purpose = std::string(text(object, "purpose")),
                         .attached = strings(object, "attached"),
                         .family = {},
                         .failures = {},
                         .limit = std::string(text(object, "limit")),
                         .required = flag(object, "required")};
  hook.family = from_name<model::AttachFamily>(text(object, "family"), model::attach_family_name);
  for (const Json& failure : elements(object, "failures")) {
    hook.failures.push_back({.variant = std::string(text(failure, "variant")),
                             .reason = std::string(text(failure, "reason"))});
  }
  return hook;
}

std::optional<model::Polling> polling_of(const Json& object) {
  const auto source =
      from_name<model::SocketSource>(text(object, "source"), model::socket_source_name);
  if (!source) {
    return std::nullopt;
  }
  return model::Polling{.source = *source,
                        .setback = std::string(text(object, "setback")),
                        .interval = milliseconds_of(object, "interval_ms").value_or(nanoseconds(0)),
                        .depth = number_or<std::uint32_t>(object, "depth", 0),
                        .limit_bytes = number_or<std::uint64_t>(object, "limit_bytes", 0)};
}

model::LossCounts loss_counts_of(const Json& record) {
  const Json* object = member(record, "lost");
  const auto count = [object](std::string_view key) {
    return object == nullptr ? 0 : number_or<std::uint64_t>(*object, key, 0);
  };
  return {.ringbuf_full = count("ringbuf_full"),
          .sockets_map_full = count("sockets_map_full"),
          .netns_map_full = count("netns_map_full"),
          .recursion_misses = count("recursion_misses"),
          .undecodable = count("undecodable"),
          .output = count("output")};
}

model::NetnsCoverage coverage_of(const Json& object) {
  model::NetnsCoverage coverage{.netns = number_or<std::uint32_t>(object, "netns", 0),
                                .name = std::string(text(object, "name")),
                                .readable = flag(object, "readable"),
                                .unreadable = std::string(text(object, "unreadable")),
                                .rows = {}};
  for (const Json& counter : elements(object, "counters")) {
    coverage.rows.push_back({.counter = std::string(text(counter, "counter")),
                             .kernel = number_or<std::uint64_t>(counter, "kernel", 0),
                             .traced = number<std::uint64_t>(counter, "traced")});
  }
  return coverage;
}

double decimal(const Json& object, std::string_view key) {
  const Json* value = member(object, key);
  return value != nullptr && value->is_number() ? value->get<double>() : 0;
}

}  // namespace

std::optional<model::Hooks> hooks_of(const Json& record) {
  model::Hooks hooks{.boot_time = parse_rfc3339(text(record, "time")).value_or(nanoseconds(0)),
                     .version = std::string(text(record, "version")),
                     .kernel = std::string(text(record, "kernel")),
                     .architecture = std::string(text(record, "arch")),
                     .host = host_of(record),
                     .hooks = {}};
  for (const Json& hook : elements(record, "hooks")) {
    hooks.hooks.push_back(hook_of(hook));
  }
  if (const Json* polling = member(record, "polling"); polling != nullptr) {
    hooks.polling = polling_of(*polling);
  }
  return hooks;
}

std::optional<model::Lost> lost_of(const Json& record) {
  const auto at = parse_rfc3339(text(record, "time"));
  if (!at) {
    return std::nullopt;
  }
  return model::Lost{.boot_time = *at, .counts = loss_counts_of(record)};
}

std::optional<model::Summary> summary_of(const Json& record) {
  const auto at = parse_rfc3339(text(record, "time"));
  if (!at) {
    return std::nullopt;
  }
  model::Summary summary;
  summary.boot_time = *at;
  summary.duration = milliseconds_of(record, "duration_ms").value_or(nanoseconds(0));
  summary.ended_by = text(record, "ended_by");
  summary.lost = loss_counts_of(record);
  for (const Json& netns : elements(record, "coverage")) {
    summary.coverage.push_back(coverage_of(netns));
  }
  return summary;
}

std::optional<model::ReportAlert> alert_of(const Json& record) {
  const auto since = parse_rfc3339(text(record, "since"));
  const auto level = from_name<model::ReportLevel>(text(record, "level"), model::report_level_name);
  if (!since || !level || text(record, "name").empty()) {
    return std::nullopt;
  }
  model::ReportAlert alert{.host = host_of(record),
                           .name = std::string(text(record, "name")),
                           .subject = std::string(text(record, "subject")),
                           .level = *level,
                           .unit = std::string(text(record, "unit")),
                           .threshold = decimal(record, "threshold"),
                           .peak = decimal(record, "peak"),
                           .since = *since};
  if (text(record, "state") == "cleared") {
    alert.cleared = parse_rfc3339(text(record, "time"));
  }
  return alert;
}

std::optional<MonitorLine> monitor_of(const Json& record) {
  const auto at = parse_rfc3339(text(record, "time"));
  if (!at) {
    return std::nullopt;
  }
  MonitorLine line{.at = *at};
  line.gauges.connections = decimal(record, "connections");
  line.gauges.time_wait = decimal(record, "time_wait");
  if (const Json* rates = member(record, "rates"); rates != nullptr) {
    line.gauges.connections_per_second = decimal(*rates, "connections_per_second");
    line.gauges.retransmit_percent = decimal(*rates, "retransmit_percent");
  }
  for (const Json& raised : elements(record, "alerts")) {
    if (auto alert = alert_of(raised)) {
      alert->host = host_of(record);
      line.alerts.push_back(*std::move(alert));
    }
  }
  return line;
}

}  // namespace tcptrace::report
