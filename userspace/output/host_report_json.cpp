// SPDX-License-Identifier: GPL-2.0
// A report as JSON: what a program reads, and what the page draws.
#include <algorithm>
#include <chrono>
#include <limits>
#include <set>

#include "output/host_report.h"
#include "output/json_record.h"
#include "output/words.h"

namespace tcptrace::output {
namespace {

using model::EventKind;
using model::HostReport;
using std::chrono::nanoseconds;

// The times of a report are those of the wall already.
const Context wall_times{};

template <JsonKey K>
void write_known_time(JsonWriter& json, nanoseconds wall) {
  if (wall != nanoseconds::zero()) {
    write_time<K>(json, wall, wall_times);
  }
}

void write_span(JsonWriter& json, nanoseconds first, nanoseconds last) {
  write_known_time<"first">(json, first);
  write_known_time<"last">(json, last);
  json.milliseconds<"duration_ms">(last - first);
}

void write_source(JsonWriter& json, const model::ReportSource& source) {
  json.open_object();
  json.word<"kind">(model::report_source_name(source.kind));
  json.string_unless_empty<"name">(source.name);
  json.string_unless_empty<"host">(source.host);
  json.string_unless_empty<"kernel">(source.kernel);
  json.string_unless_empty<"arch">(source.architecture);
  json.string_unless_empty<"version">(source.version);
  write_span(json, source.first, source.last);
  json.string_unless_empty<"ended_by">(source.ended_by);
  json.number<"events">(source.events);
  write_loss_counts(json, source.lost);
  json.array<"missing">();
  for (const std::string& words : source.missing) {
    json.element(words);
  }
  json.close_array();
  write_hook_list(json, source.hooks);
  if (source.polling) {
    write_polling(json, *source.polling);
  }
  write_coverage(json, source.coverage);
  write_pattern_list(json, source.patterns);
  json.close_object();
}

void write_totals(JsonWriter& json, const HostReport& report) {
  const auto count = [&](EventKind kind) { return report.events[static_cast<std::size_t>(kind)]; };
  json.object<"totals">();
  json.number<"resets_sent">(count(EventKind::kResetSent));
  json.number<"resets_received">(count(EventKind::kResetReceived));
  json.number<"echoes">(report.echoes);
  json.number<"failures">(report.failures);
  json.number<"retransmits">(count(EventKind::kRetransmit));
  json.number<"retransmitted_segments">(report.retransmitted_segments);
  json.number<"accepts">(count(EventKind::kAccept));
  json.number<"connects">(count(EventKind::kConnect));
  json.number<"closes">(count(EventKind::kClose));
  json.number<"states">(count(EventKind::kState));
  json.number<"verdicts">(report.verdicts);
  json.close_object();
}

void write_by_cause(JsonWriter& json, const HostReport& report) {
  json.array<"by_cause">();
  for (const model::CauseTotal& total : report.totals) {
    json.open_object();
    json.word<"cause">(model::cause_name(total.cause));
    json.number<"count">(total.count);
    json.array<"advice">();
    for (const model::AdviceCount& advice : total.advice) {
      json.open_object();
      json.string<"text">(advice.text);
      json.number<"count">(advice.count);
      json.close_object();
    }
    json.close_array();
    json.close_object();
  }
  json.close_array();
}

void write_causes(JsonWriter& json, const HostReport& report) {
  json.array<"causes">();
  for (const model::ReportCause& row : report.causes) {
    json.open_object();
    json.string_unless_empty<"host">(row.host);
    json.word<"cause">(model::cause_name(row.cause));
    json.word<"confidence">(model::confidence_name(row.confidence));
    json.number<"count">(row.count);
    write_party(json, row.party);
    json.string_unless_empty<"container">(row.container);
    write_time<"first">(json, row.first, wall_times);
    write_time<"last">(json, row.last, wall_times);
    json.close_object();
  }
  json.close_array();
  json.number<"causes_elsewhere">(report.causes_elsewhere);
}

void write_retransmits(JsonWriter& json, const HostReport& report) {
  json.array<"retransmitted">();
  for (const model::ReportRetransmits& row : report.retransmits) {
    json.open_object();
    json.string_unless_empty<"host">(row.host);
    write_party(json, row.party);
    json.number<"segments">(row.segments);
    json.number<"handshakes">(row.handshakes);
    json.number<"timeouts">(row.timeouts);
    json.close_object();
  }
  json.close_array();
  json.number<"retransmitted_elsewhere">(report.retransmits_elsewhere);
}

void write_timeline(JsonWriter& json, const model::Timeline& timeline) {
  json.object<"timeline">();
  json.milliseconds<"bucket_ms">(timeline.width);
  json.array<"buckets">();
  for (const model::TimelineBucket& bucket : timeline.buckets) {
    json.open_object();
    write_time<"at">(json, bucket.at, wall_times);
    json.number_unless_zero<"resets_sent">(bucket.counts.resets_sent);
    json.number_unless_zero<"resets_received">(bucket.counts.resets_received);
    json.number_unless_zero<"retransmitted_segments">(bucket.counts.retransmitted_segments);
    json.number_unless_zero<"failures">(bucket.counts.failures);
    json.close_object();
  }
  json.close_array();
  json.close_object();
}

void write_idle(JsonWriter& json, const HostReport& report) {
  json.array<"idle">();
  for (const model::IdleBucket& bucket : report.idle) {
    json.open_object();
    json.number<"from_ms">(bucket.from.count());
    if (bucket.to != std::chrono::milliseconds::max()) {
      json.number<"to_ms">(bucket.to.count());
    }
    json.number<"sent">(bucket.sent);
    json.number<"received">(bucket.received);
    json.close_object();
  }
  json.close_array();
  json.number<"idle_unknown">(report.idle_unknown);
}

void write_worst(JsonWriter& json, const HostReport& report) {
  json.array<"worst">();
  for (const model::WorstConnection& worst : report.worst) {
    json.open_object();
    json.string_unless_empty<"host">(worst.host);
    write_time<"time">(json, worst.event.boot_time, wall_times);
    json.word<"direction">(worst.event.kind == EventKind::kResetSent ? "sent" : "received");
    json.number<"retransmits">(worst.retransmits);
    json.number<"max_rtt_us">(worst.max_rtt_us);
    open_connection(json, worst.event.connection);
    json.close_object();
    if (worst.event.owner) {
      write_process(json, *worst.event.owner);
    }
    if (worst.event.verdict) {
      write_verdict(json, *worst.event.verdict);
    }
    write_history(json, worst.event);
    json.close_object();
  }
  json.close_array();
  json.number<"with_history">(report.with_history);
}

void write_gauges(JsonWriter& json, const HostReport& report) {
  json.array<"gauges">();
  for (const model::ReportGauges& gauges : report.gauges) {
    json.open_object();
    json.string_unless_empty<"host">(gauges.host);
    json.milliseconds<"bucket_ms">(gauges.width);
    json.array<"points">();
    for (const model::GaugePoint& point : gauges.points) {
      json.open_object();
      write_time<"at">(json, point.at, wall_times);
      json.real<"connections">(point.values.connections);
      json.real<"time_wait">(point.values.time_wait);
      json.real<"connections_per_second">(point.values.connections_per_second);
      json.real<"retransmit_percent">(point.values.retransmit_percent);
      json.close_object();
    }
    json.close_array();
    json.close_object();
  }
  json.close_array();
  json.number<"gauges_elsewhere">(report.gauges_elsewhere);
}

void write_alerts(JsonWriter& json, const HostReport& report) {
  json.array<"alerts">();
  for (const model::ReportAlert& alert : report.alerts) {
    json.open_object();
    json.string_unless_empty<"host">(alert.host);
    json.string<"name">(alert.name);
    json.string_unless_empty<"subject">(alert.subject);
    json.word<"level">(model::report_level_name(alert.level));
    json.string_unless_empty<"unit">(alert.unit);
    json.real<"threshold">(alert.threshold);
    json.real<"peak">(alert.peak);
    write_time<"since">(json, alert.since, wall_times);
    if (alert.cleared) {
      write_time<"cleared">(json, *alert.cleared, wall_times);
    }
    json.close_object();
  }
  json.close_array();
  json.number<"alerts_elsewhere">(report.alerts_elsewhere);
}

void write_findings(JsonWriter& json, const HostReport& report) {
  json.array<"findings">();
  for (const model::ReportFinding& finding : report.findings) {
    json.open_object();
    json.string_unless_empty<"host">(finding.host);
    json.word<"level">(model::report_level_name(finding.level));
    json.string<"name">(finding.name);
    json.string<"text">(finding.text);
    json.string_unless_empty<"why">(finding.why);
    json.string_unless_empty<"advice">(finding.advice);
    json.close_object();
  }
  json.close_array();
}

void write_settings(JsonWriter& json, const HostReport& report) {
  json.array<"settings">();
  for (const model::ReportSetting& setting : report.settings) {
    json.open_object();
    json.string_unless_empty<"host">(setting.host);
    json.string_unless_empty<"netns">(setting.netns);
    json.string<"name">(setting.name);
    json.string<"value">(setting.value);
    json.close_object();
  }
  json.close_array();
}

}  // namespace

std::string host_report_json(const HostReport& report) {
  std::string out;
  JsonWriter json(out);
  write_head(json, "report", report.made, wall_times);
  json.string_unless_empty<"version">(report.version);
  write_span(json, report.first, report.last);
  write_totals(json, report);
  write_loss_counts(json, report.lost);
  write_by_cause(json, report);
  write_causes(json, report);
  write_retransmits(json, report);
  write_timeline(json, report.timeline);
  write_idle(json, report);
  write_worst(json, report);
  write_gauges(json, report);
  write_alerts(json, report);
  write_findings(json, report);
  write_settings(json, report);
  json.array<"sources">();
  for (const model::ReportSource& source : report.sources) {
    write_source(json, source);
  }
  json.close_array();
  json.close_object();
  json.end_line();
  return out;
}

}  // namespace tcptrace::output
