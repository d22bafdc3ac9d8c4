// SPDX-License-Identifier: GPL-2.0
#include "report/report_builder.h"

#include <algorithm>
#include <functional>

namespace tcptrace::report {
namespace {

using model::Event;
using model::EventKind;
using std::chrono::nanoseconds;

bool is_reset(const Event& event) {
  return event.kind == EventKind::kResetSent || event.kind == EventKind::kResetReceived;
}

// A connect that failed, a connection that died: what has a verdict and is no reset.
bool is_failure(const Event& event) {
  return event.verdict && (event.kind == EventKind::kConnect || event.kind == EventKind::kClose);
}

std::string_view container_of(const Event& event) {
  return event.owner && event.owner->cgroup ? event.owner->cgroup->container : std::string_view();
}

}  // namespace

void ReportBuilder::begin(model::ReportSourceKind kind, std::string name) {
  if (source_) {
    report_.sources.push_back(source_->source());
  }
  source_.emplace(kind, std::move(name));
  host_.clear();
  boot_to_wall_ = nanoseconds::zero();
}

SourceFold& ReportBuilder::source() { return source_ ? *source_ : source_.emplace(); }

void ReportBuilder::set_host(std::string host) {
  host_ = std::move(host);
  source().note_host(host_);
}

void ReportBuilder::note(const model::Hooks& hooks) {
  set_host(hooks.host);
  source().note(host_, hooks);
  source().note_time(hooks.boot_time + boot_to_wall_);
}

void ReportBuilder::note(const model::Lost& lost) {
  source().note(host_, lost);
  source().note_time(lost.boot_time + boot_to_wall_);
}

void ReportBuilder::note(const model::Summary& summary) {
  source().note(host_, summary);
  const nanoseconds end = summary.boot_time + boot_to_wall_;
  source().note_time(end);
  // In a damaged file it may be longer than there is time.
  if (summary.duration <= summary.boot_time) {
    source().note_time(end - summary.duration);
  }
}

void ReportBuilder::note(const model::Patterns& patterns) { source().note(patterns); }

void ReportBuilder::note_missing(std::string words) { source().note_missing(std::move(words)); }

// What is told of one again replaces what was told before: it has become worse, or ended.
void ReportBuilder::note(model::ReportAlert alert) {
  source().note_time(alert.cleared.value_or(alert.since));
  const auto same = std::ranges::find_if(report_.alerts, [&](const model::ReportAlert& other) {
    // The wall clock is adjusted while it lasts, and the beginning moves with it.
    const bool as_old = std::chrono::abs(other.since - alert.since) < std::chrono::seconds(1);
    return other.host == alert.host && other.name == alert.name && other.subject == alert.subject &&
           (!other.cleared || as_old);
  });
  if (same != report_.alerts.end()) {
    same->level = std::max(same->level, alert.level);
    same->peak = std::max(same->peak, alert.peak);
    same->cleared = same->cleared ? same->cleared : alert.cleared;
    return;
  }
  if (report_.alerts.size() >= kAlerts) {
    ++report_.alerts_elsewhere;
    return;
  }
  report_.alerts.push_back(std::move(alert));
}

void ReportBuilder::note(nanoseconds wall, const model::GaugeValues& gauges) {
  source().note_time(wall);
  if (!gauges_.contains(host_) && gauges_.size() >= kGaugeHosts) {
    ++report_.gauges_elsewhere;
    return;
  }
  gauges_[host_].at(wall).merge(gauges);
}

void ReportBuilder::note(model::ReportFinding finding) {
  report_.findings.push_back(std::move(finding));
}

void ReportBuilder::note(model::ReportSetting setting) {
  report_.settings.push_back(std::move(setting));
}

void ReportBuilder::note(const Event& event) {
  const nanoseconds wall = event.boot_time + boot_to_wall_;
  source().note_time(wall);
  source().note_event();
  ++report_.events[static_cast<std::size_t>(event.kind)];
  if (event.verdict) {
    note_verdict(event, wall);
  }
  if (is_reset(event)) {
    note_reset(event);
  } else if (event.kind == EventKind::kRetransmit) {
    note_retransmit(event);
  } else if (is_failure(event)) {
    ++timeline_.at(wall).failures;
    ++report_.failures;
  }
}

void ReportBuilder::note_reset(const Event& event) {
  const bool sent = event.kind == EventKind::kResetSent;
  model::TimelineCounts& counts = timeline_.at(event.boot_time + boot_to_wall_);
  ++(sent ? counts.resets_sent : counts.resets_received);
  if (is_echo(event)) {
    return;
  }
  if (const auto idle = idle_before_end(event)) {
    idle_.add(*idle, sent);
  } else {
    ++report_.idle_unknown;
  }
  if (!event.history.empty()) {
    worst_.add(event, host_, boot_to_wall_);
  }
}

void ReportBuilder::note_retransmit(const Event& event) {
  if (event.err != 0 || event.segs == 0) {
    return;
  }
  timeline_.at(event.boot_time + boot_to_wall_).retransmitted_segments += event.segs;
  report_.retransmitted_segments += event.segs;
  const model::Party party = party_of(event);
  model::ReportRetransmits& row = retransmits_.row(
      {host_, party}, [&] { return model::ReportRetransmits{.host = host_, .party = party}; });
  row.segments += event.segs;
  const bool handshake = event.retransmit_type == model::RetransmitType::kSyn ||
                         event.retransmit_type == model::RetransmitType::kSynAck;
  row.handshakes += handshake ? event.segs : 0;
  row.timeouts += event.retransmit_type == model::RetransmitType::kRto ? event.segs : 0;
}

void ReportBuilder::note_verdict(const Event& event, nanoseconds wall) {
  if (is_echo(event)) {
    ++report_.echoes;
    return;
  }
  ++report_.verdicts;
  ++by_cause_[static_cast<std::size_t>(event.verdict->cause)];
  note_advice(*event.verdict);
  const model::Party party = party_of(event);
  model::ReportCause& row = causes_.row({host_, event.verdict->cause, party}, [&] {
    return model::ReportCause{.host = host_,
                              .cause = event.verdict->cause,
                              .party = party,
                              .container = std::string(container_of(event)),
                              .first = wall,
                              .last = wall};
  });
  ++row.count;
  row.confidence = std::max(row.confidence, event.verdict->confidence);
  if (row.container != container_of(event)) {
    row.container.clear();
  }
  row.first = std::min(row.first, wall);
  row.last = std::max(row.last, wall);
}

void ReportBuilder::note_advice(const model::Verdict& verdict) {
  if (verdict.advice.empty()) {
    return;
  }
  auto& texts = advice_[static_cast<std::size_t>(verdict.cause)];
  if (const auto found = texts.find(verdict.advice); found != texts.end()) {
    ++found->second;
  } else if (advice_texts_ < kAdviceTexts) {
    texts.emplace(verdict.advice, 1);
    ++advice_texts_;
  }
}

std::vector<model::CauseTotal> ReportBuilder::totals() const {
  std::vector<model::CauseTotal> totals;
  for (std::size_t i = 0; i < by_cause_.size(); ++i) {
    if (by_cause_[i] == 0) {
      continue;
    }
    model::CauseTotal& total = totals.emplace_back();
    total.cause = static_cast<model::Cause>(i);
    total.count = by_cause_[i];
    for (const auto& [text, count] : advice_[i]) {
      total.advice.push_back({.text = text, .count = count});
    }
    std::ranges::stable_sort(total.advice, std::greater{}, &model::AdviceCount::count);
  }
  std::ranges::stable_sort(totals, std::greater{}, &model::CauseTotal::count);
  return totals;
}

model::HostReport ReportBuilder::report() const {
  model::HostReport report = report_;
  if (source_) {
    report.sources.push_back(source_->source());
  }
  for (const model::ReportSource& of : report.sources) {
    widen(report.first, report.last, of.first);
    widen(report.first, report.last, of.last);
    report.lost += of.lost;
  }
  report.totals = totals();
  report.causes = causes_.heaviest(kCauseRows, report.causes_elsewhere);
  report.retransmits = retransmits_.heaviest(kRetransmitRows, report.retransmits_elsewhere);
  report.timeline.width = timeline_.width();
  timeline_.for_each([&report](nanoseconds at, const model::TimelineCounts& counts) {
    report.timeline.buckets.push_back({.at = at, .counts = counts});
  });
  for (const auto& [host, buckets] : gauges_) {
    model::ReportGauges& gauges = report.gauges.emplace_back();
    gauges.host = host;
    gauges.width = buckets.width();
    buckets.for_each([&gauges](nanoseconds at, const model::GaugeValues& values) {
      gauges.points.push_back({.at = at, .values = values});
    });
  }
  report.idle = idle_.buckets();
  report.worst = worst_.connections();
  report.with_history = worst_.seen();
  std::ranges::stable_sort(report.findings, std::greater{}, &model::ReportFinding::level);
  std::ranges::stable_sort(report.alerts, {}, &model::ReportAlert::since);
  return report;
}

}  // namespace tcptrace::report
