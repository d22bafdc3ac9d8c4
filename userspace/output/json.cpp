// SPDX-License-Identifier: GPL-2.0
// Events and losses as JSON. The hot path: no DOM, no allocation once `out` has its capacity.
#include "output/json.h"

#include "output/json_record.h"
#include "output/wall_time.h"
#include "output/words.h"

namespace tcptrace::output {
namespace {

using model::Event;
using model::EventKind;
using model::TcpState;

template <JsonKey K>
void write_tcp_flags_field(JsonWriter& json, std::uint8_t flags) {
  if (flags != 0) {
    json.written<K>([flags](char* to) { return write_tcp_flags(to, flags); });
  }
}

void write_event_connection(JsonWriter& json, const Event& event) {
  open_connection(json, event.connection);
  if (was_open(event)) {
    json.number<"idle_rx_ms">(event.info->last_data_recv_ms);
    json.number<"idle_tx_ms">(event.info->last_data_sent_ms);
  }
  json.flag<"no_socket">(event.no_socket);
  json.flag<"orphan">(event.orphan);
  json.flag<"never_accepted">(event.never_accepted);
  json.flag<"mptcp">(event.mptcp);
  json.close_object();
}

void write_by(JsonWriter& json, const Event& event) {
  json.object<"by">();
  write_task(json, *event.by);
  json.flag<"exiting">(event.by_exiting);
  json.close_object();
}

void write_sender(JsonWriter& json, const model::ResetSender& sender) {
  json.object<"sender">();
  json.number_unless_zero<"cookie">(sender.cookie);
  json.number<"netns">(sender.netns);
  if (sender.process) {
    json.number<"pid">(sender.process->pid);
    json.string<"comm">(sender.process->comm_view());
  }
  json.word<"cause">(model::cause_name(sender.cause));
  json.word<"confidence">(model::confidence_name(sender.confidence));
  json.close_object();
}

void write_reset(JsonWriter& json, const Event& event) {
  json.object<"reset">();
  json.word<"direction">(event.kind == EventKind::kResetSent ? "sent" : "received");
  json.string_unless_empty<"kernel_reason">(event.kernel_reason);
  if (event.origin != model::ResetOrigin::kUnknown) {
    json.word<"origin">(model::reset_origin_name(event.origin));
  }
  write_errno<"errno">(json, event.err);
  if (event.socket_state != TcpState::kUnknown) {
    json.word<"socket_state">(model::state_name(event.socket_state));
  }
  if (event.trigger_flags != 0) {
    json.object<"trigger">();
    write_tcp_flags_field<"flags">(json, event.trigger_flags);
    json.number_unless_zero<"ttl">(event.trigger_ttl);
    json.number<"seq">(event.trigger_seq);
    json.number<"ack">(event.trigger_ack);
    json.number<"bytes">(event.trigger_bytes);
    json.close_object();
  }
  write_tcp_flags_field<"rst_flags">(json, event.rst_flags);
  json.number_unless_zero<"peer_ttl">(event.peer_ttl);
  if (event.closing) {
    json.object<"closed">();
    json.milliseconds<"ago_ms">(event.closing->ago);
    json.number<"idle_before_ms">(event.closing->idle.count());
    json.number<"fin_seq">(event.closing->fin_seq);
    json.close_object();
  }
  if (event.sender) {
    write_sender(json, *event.sender);
  }
  json.close_object();
}

void write_retransmit(JsonWriter& json, const Event& event) {
  json.object<"retransmit">();
  json.word<"kind">(model::retransmit_type_name(event.retransmit_type));
  json.number<"segs">(event.segs);
  json.number<"seq">(event.seq);
  json.number<"length_bytes">(event.length_bytes);
  if (event.retransmit_type == model::RetransmitType::kSynAck) {
    json.number<"attempt">(event.attempt);
  }
  write_tcp_flags_field<"tcp_flags">(json, event.tcp_flags);
  write_errno<"errno">(json, event.err);
  json.close_object();
}

// "connect" or "close": how it ended.
template <JsonKey K>
void write_end(JsonWriter& json, const Event& event) {
  json.object<K>();
  json.word<"result">(result_name(event));
  write_errno<"errno">(json, event.err);
  json.flag<"abandoned">(event.abandoned);
  if (event.icmp_seen) {
    json.object<"icmp">();
    json.number<"type">(event.icmp_type);
    json.number<"code">(event.icmp_code);
    json.close_object();
  }
  json.flag<"reset_sent">(event.reset_sent);
  json.flag<"reset_received">(event.reset_received);
  json.close_object();
}

void write_subject(JsonWriter& json, const Event& event) {
  switch (event.kind) {
    case EventKind::kState:
    case EventKind::kAccept:
      return;
    case EventKind::kConnect:
      return write_end<"connect">(json, event);
    case EventKind::kClose:
      return write_end<"close">(json, event);
    case EventKind::kRetransmit:
      return write_retransmit(json, event);
    case EventKind::kResetSent:
    case EventKind::kResetReceived:
      return write_reset(json, event);
  }
}

void write_event(JsonWriter& json, const Event& event, const Context& context) {
  write_head(json, model::event_type_name(event.kind), event.boot_time, context);
  write_event_connection(json, event);
  if (event.owner.has_value()) {
    write_process(json, *event.owner);
  }
  if (by_is_news(event)) {
    write_by(json, event);
  }
  write_subject(json, event);
  if (event.verdict.has_value()) {
    write_verdict(json, *event.verdict);
  }
  if (event.info.has_value()) {
    write_tcp_info(json, *event.info,
                   {.connection = describes_connection(event), .opened = was_open(event)});
  }
  if (!event.history.empty()) {
    write_history(json, event);
  }
}

struct WriteRecord {
  JsonWriter& json;
  const Context& context;

  void operator()(const model::Hooks& hooks) const { write_hooks(json, hooks, context); }
  void operator()(const Event& event) const { write_event(json, event, context); }
  void operator()(const model::DrillResult& drill) const {
    write_head(json, "drill", drill.boot_time, context);
    json.string<"name">(drill.name);
    json.word<"expected">(model::cause_name(drill.expected));
    json.word<"outcome">(model::drill_outcome_name(drill.outcome));
    if (drill.verdict) {
      write_verdict(json, *drill.verdict);
    }
  }
  void operator()(const model::Summary& summary) const { write_summary(json, summary, context); }
  void operator()(const model::Lost& lost) const {
    write_head(json, "lost", lost.boot_time, context);
    write_loss_counts(json, lost.counts);
  }
};

}  // namespace

void append_json(std::string& out, const model::Record& record, const Context& context) {
  JsonWriter json(out);
  std::visit(WriteRecord{json, context}, record);
  json.close_object();
  json.end_line();
}

void write_verdict(JsonWriter& json, const model::Verdict& verdict) {
  json.object<"verdict">();
  json.word<"cause">(model::cause_name(verdict.cause));
  json.word<"confidence">(model::confidence_name(verdict.confidence));
  json.string<"summary">(verdict.summary);
  if (!verdict.evidence.empty()) {
    json.array<"evidence">();
    for (const std::string& fact : verdict.evidence) {
      json.element(fact);
    }
    json.close_array();
  }
  json.string_unless_empty<"advice">(verdict.advice);
  json.close_object();
}

void write_head(JsonWriter& json, std::string_view type, std::chrono::nanoseconds boot_time,
                const Context& context) {
  json.open_object();
  json.number<"schema">(kSchema);
  json.word<"type">(type);
  if (boot_time.count() != 0) {
    write_time<"time">(json, boot_time, context);
  }
  json.string_unless_empty<"host">(context.host);
}

}  // namespace tcptrace::output
