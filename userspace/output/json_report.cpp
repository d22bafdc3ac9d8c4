// SPDX-License-Identifier: GPL-2.0
// What a run says about itself as JSON: hooks, losses, summary with coverage.
#include <algorithm>
#include <limits>

#include "output/json_record.h"

namespace tcptrace::output {
namespace {

using model::EventKind;

// traced - kernel, held within what a signed number can say.
std::int64_t difference(std::uint64_t kernel, std::uint64_t traced) {
  constexpr std::uint64_t kMost = std::numeric_limits<std::int64_t>::max();
  return traced < kernel ? -static_cast<std::int64_t>(std::min(kernel - traced, kMost))
                         : static_cast<std::int64_t>(std::min(traced - kernel, kMost));
}

void write_hook(JsonWriter& json, const model::HookStatus& hook) {
  json.open_object();
  json.string<"name">(hook.name);
  json.string_unless_empty<"purpose">(hook.purpose);
  json.array<"attached">();
  for (const std::string& variant : hook.attached) {
    json.element(variant);
  }
  json.close_array();
  if (hook.family.has_value()) {
    json.word<"family">(model::attach_family_name(*hook.family));
  }
  json.array<"failures">();
  for (const model::HookFailure& failure : hook.failures) {
    json.open_object();
    json.string<"variant">(failure.variant);
    json.string<"reason">(failure.reason);
    json.close_object();
  }
  json.close_array();
  json.string_unless_empty<"limit">(hook.limit);
  json.boolean<"required">(hook.required);
  json.close_object();
}

void write_netns(JsonWriter& json, const model::NetnsCoverage& coverage) {
  json.open_object();
  json.number<"netns">(coverage.netns);
  json.string_unless_empty<"name">(coverage.name);
  json.boolean<"readable">(coverage.readable);
  json.string_unless_empty<"unreadable">(coverage.unreadable);
  json.array<"counters">();
  for (const model::CoverageRow& row : coverage.rows) {
    json.open_object();
    json.string<"counter">(row.counter);
    json.number<"kernel">(row.kernel);
    if (row.traced.has_value()) {
      json.number<"traced">(*row.traced);
      json.number<"difference">(difference(row.kernel, *row.traced));
    }
    json.close_object();
  }
  json.close_array();
  json.close_object();
}

void write_totals(JsonWriter& json, const model::Summary& summary) {
  const auto count = [&](EventKind kind) { return summary.events[static_cast<std::size_t>(kind)]; };
  json.object<"totals">();
  json.number<"resets_sent">(count(EventKind::kResetSent));
  json.number<"resets_received">(count(EventKind::kResetReceived));
  json.number<"retransmits">(count(EventKind::kRetransmit));
  json.number<"accepts">(count(EventKind::kAccept));
  json.number<"connects">(count(EventKind::kConnect));
  json.number<"closes">(count(EventKind::kClose));
  json.number<"states">(count(EventKind::kState));
  json.close_object();
}

void write_polls(JsonWriter& json, const model::Polls& polls) {
  json.object<"polls">();
  json.number<"count">(polls.count);
  json.milliseconds<"total_ms">(polls.total);
  json.milliseconds<"longest_ms">(polls.longest);
  json.number<"connections">(polls.connections);
  json.number<"evicted">(polls.evicted);
  json.number<"incomplete">(polls.incomplete);
  json.close_object();
}

}  // namespace

void write_polling(JsonWriter& json, const model::Polling& polling) {
  json.object<"polling">();
  json.word<"source">(model::socket_source_name(polling.source));
  json.string_unless_empty<"setback">(polling.setback);
  json.milliseconds<"interval_ms">(polling.interval);
  json.number<"depth">(polling.depth);
  json.number<"limit_bytes">(polling.limit_bytes);
  json.close_object();
}

void write_coverage(JsonWriter& json, std::span<const model::NetnsCoverage> coverage) {
  json.array<"coverage">();
  for (const model::NetnsCoverage& netns : coverage) {
    write_netns(json, netns);
  }
  json.close_array();
}

void write_hook_list(JsonWriter& json, std::span<const model::HookStatus> hooks) {
  json.array<"hooks">();
  for (const model::HookStatus& hook : hooks) {
    write_hook(json, hook);
  }
  json.close_array();
}

void write_hooks(JsonWriter& json, const model::Hooks& hooks, const Context& context) {
  write_head(json, "hooks", hooks.boot_time, context);
  json.string_unless_empty<"version">(hooks.version);
  json.string_unless_empty<"kernel">(hooks.kernel);
  json.string_unless_empty<"arch">(hooks.architecture);
  write_hook_list(json, hooks.hooks);
  if (hooks.polling) {
    write_polling(json, *hooks.polling);
  }
}

void write_loss_counts(JsonWriter& json, const model::LossCounts& counts) {
  json.object<"lost">();
  json.number<"total">(counts.total());
  json.number<"ringbuf_full">(counts.ringbuf_full);
  json.number<"sockets_map_full">(counts.sockets_map_full);
  json.number<"netns_map_full">(counts.netns_map_full);
  json.number<"recursion_misses">(counts.recursion_misses);
  json.number<"undecodable">(counts.undecodable);
  json.number<"output">(counts.output);
  json.close_object();
}

void write_summary(JsonWriter& json, const model::Summary& summary, const Context& context) {
  write_head(json, "summary", summary.boot_time, context);
  json.milliseconds<"duration_ms">(summary.duration);
  json.string_unless_empty<"ended_by">(summary.ended_by);
  write_totals(json, summary);
  json.number<"retransmitted_segments">(summary.retransmitted_segments);
  json.number<"resets_suppressed">(summary.resets_suppressed);
  write_loss_counts(json, summary.lost);
  if (summary.polls) {
    write_polls(json, *summary.polls);
  }
  write_patterns(json, summary.patterns, context);
  write_coverage(json, summary.coverage);
}

}  // namespace tcptrace::output
