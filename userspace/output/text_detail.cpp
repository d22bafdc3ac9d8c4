// SPDX-License-Identifier: GPL-2.0
// What one line says about an event, short. Knows no columns.
#include "output/text_detail.h"

#include "model/ca_state.h"
#include "model/tcp_flags.h"
#include "output/words.h"

namespace tcptrace::output {
namespace {

using model::Event;
using model::EventKind;
using model::RetransmitType;
using model::TcpInfo;
using model::TcpState;

std::string_view retransmit_label(RetransmitType type) {
  switch (type) {
    case RetransmitType::kUnknown:
      return "retrans";
    case RetransmitType::kRto:
      return "retrans RTO";
    case RetransmitType::kFast:
      return "retrans fast";
    case RetransmitType::kTlp:
      return "retrans TLP";
    case RetransmitType::kSyn:
      return "retrans SYN";
    case RetransmitType::kSynAck:
      return "retrans SYN-ACK";
    case RetransmitType::kSlowStart:
      return "retrans slow";
  }
  return "retrans";
}

Label connect_label(const Event& event) {
  const std::string_view result = result_name(event);
  if (result == "established") {
    return {"connected", Color::kGreen};
  }
  return {result == "abandoned" ? "connect gave up" : "connect failed", Color::kMagenta};
}

Label close_label(const Event& event) {
  const std::string_view result = result_name(event);
  if (result == "failed") {
    return {"died", Color::kMagenta};
  }
  if (result == "aborted") {
    return {"aborted", Color::kRed};
  }
  return {result == "reset" ? "closed by RST" : "closed"};
}

void add_path(Clauses& clauses, const TcpInfo& info) {
  if (info.rtt_us != 0) {
    clauses.add("rtt {}", human_duration(std::chrono::microseconds(info.rtt_us)));
  }
  clauses.add("cwnd {}", info.snd_cwnd);
}

void add_queues(Clauses& clauses, const TcpInfo& info) {
  if (info.unread_bytes != 0) {
    clauses.add("{} unread", human_bytes(info.unread_bytes));
  }
  if (info.unacked_bytes != 0) {
    clauses.add("{} unacked", human_bytes(info.unacked_bytes));
  }
}

void add_idle(Clauses& clauses, const Event& event) {
  constexpr std::uint32_t kWorthSayingMs = 1000;
  const std::uint32_t idle_ms =
      std::min(event.info->last_data_recv_ms, event.info->last_data_sent_ms);
  if (idle_ms >= kWorthSayingMs) {
    clauses.add("idle {}", human_duration(std::chrono::milliseconds(idle_ms)));
  }
}

void add_by(Clauses& clauses, const Event& event) {
  if (!by_is_news(event)) {
    return;
  }
  if (!event.owner.has_value() || event.by->pid != event.owner->pid) {
    clauses.add("by {} ({})", terminal_safe(event.by->comm_view()), event.by->pid);
  }
  if (event.by_exiting) {
    clauses.add("process exiting");
  }
}

void add_trigger(Clauses& clauses, const Event& event) {
  if (event.trigger_flags == 0) {
    return;
  }
  if (event.kind == EventKind::kResetSent) {
    clauses.add("answers {}", tcp_flags_text(event.trigger_flags));
  } else if (event.trigger_ttl != 0) {
    clauses.add("ttl {}", event.trigger_ttl);
  }
}

void add_sender(Clauses& clauses, const Event& event) {
  if (event.sender.has_value() && event.sender->process.has_value()) {
    const model::Process& process = *event.sender->process;
    clauses.add("from {} ({})", terminal_safe(process.comm_view()), process.pid);
  }
}

void reset_detail(Clauses& clauses, const Event& event) {
  if (!event.kernel_reason.empty()) {
    clauses.add("{}", terminal_safe(event.kernel_reason));
  }
  if (event.err != 0) {
    clauses.add("{}", errno_text(event.err));
  }
  if (event.origin == model::ResetOrigin::kNetfilter) {
    clauses.add("firewall");
  } else if (event.kernel_reason.empty() && event.err == 0 &&
             event.origin == model::ResetOrigin::kActive) {
    clauses.add("aborted on this side");
  }
  if (event.no_socket) {
    const bool opening = (event.trigger_flags & (model::kSyn | model::kAck)) == model::kSyn;
    clauses.add("{}", opening ? "nobody listens" : "no such connection");
  }
  if (event.never_accepted) {
    clauses.add("never accepted");
  }
  add_trigger(clauses, event);
  add_sender(clauses, event);
  add_by(clauses, event);
  if (was_open(event)) {
    add_queues(clauses, *event.info);
    add_idle(clauses, event);
    add_path(clauses, *event.info);
  } else if (event.info.has_value() && !describes_connection(event)) {
    clauses.add("accept queue {}/{}", event.info->backlog, event.info->backlog_limit);
  }
}

void retransmit_detail(Clauses& clauses, const Event& event) {
  if (event.err != 0) {
    clauses.add("not sent: {}", errno_text(event.err));
  }
  if (event.retransmit_type == RetransmitType::kSynAck) {
    clauses.add("#{}", event.attempt);
    return;
  }
  if (event.info.has_value() && event.info->retransmits != 0) {
    clauses.add("#{}", event.info->retransmits);
  }
  if (event.segs > 1) {
    clauses.add("{} segs", event.segs);
  }
  clauses.add("{}", human_bytes(event.length_bytes));
  if (event.info.has_value()) {
    clauses.add("rto {}", human_duration(std::chrono::microseconds(event.info->rto_us)));
    add_path(clauses, *event.info);
    clauses.add("{} in flight", event.info->unacked);
  }
}

void add_icmp(Clauses& clauses, const Event& event) {
  if (!event.icmp_seen) {
    return;
  }
  const std::string_view name =
      icmp_name(event.connection.family, event.icmp_type, event.icmp_code);
  if (name.empty()) {
    clauses.add("ICMP type {} code {}", event.icmp_type, event.icmp_code);
  } else {
    clauses.add("ICMP {}", name);
  }
}

void connect_detail(Clauses& clauses, const Event& event) {
  if (event.err != 0) {
    clauses.add("{}", errno_text(event.err));
  }
  add_icmp(clauses, event);
  if (event.abandoned) {
    clauses.add("closed by the application");
  }
  if (event.reset_received) {
    clauses.add("RST received");
  }
  if (event.info.has_value() && event.info->retransmits != 0) {
    clauses.add("SYN sent {} times", event.info->retransmits + 1);
  }
  if (event.connection.age.has_value()) {
    clauses.add("after {}", human_duration(*event.connection.age));
  }
}

void close_detail(Clauses& clauses, const Event& event) {
  if (event.err != 0) {
    clauses.add("{}", errno_text(event.err));
  }
  add_icmp(clauses, event);
  if (event.info.has_value()) {
    const TcpInfo& info = *event.info;
    if (info.retransmits != 0) {
      clauses.add("{} timeouts in a row", info.retransmits);
    }
    if (info.probes != 0) {
      clauses.add("{} probes unanswered", info.probes);
    }
    add_queues(clauses, info);
    clauses.add("sent {}", human_bytes(info.bytes_sent));
    clauses.add("received {}", human_bytes(info.bytes_received));
    if (info.total_retrans != 0) {
      clauses.add("{} retransmitted", info.total_retrans);
    }
  }
  if (event.connection.age.has_value()) {
    clauses.add("age {}{}", event.connection.age_is_lower_bound ? "over " : "",
                human_duration(*event.connection.age));
  }
}

void verbose_task(Clauses& clauses, const model::Process& process) {
  clauses.add("uid {}", process.uid);
  clauses.add("owner by {}", model::owner_source_name(process.source));
  if (process.cgroup == nullptr) {
    return;
  }
  if (!process.cgroup->path.empty()) {
    clauses.add("cgroup {}", terminal_safe(process.cgroup->path));
  }
  if (!process.cgroup->container.empty()) {
    clauses.add("container {}", terminal_safe(process.cgroup->container));
  }
}

void verbose_info(Clauses& clauses, const TcpInfo& info) {
  clauses.add("mss {}/{}", info.snd_mss, info.rcv_mss);
  clauses.add("wnd {}/{}", info.snd_wnd, info.rcv_wnd);
  clauses.add("bytes {}/{}", info.bytes_sent, info.bytes_received);
  clauses.add("segs {}/{}", info.segs_out, info.segs_in);
  clauses.add("retrans {}/{}", info.retrans, info.total_retrans);
  clauses.add("ca {}", model::ca_state_name(info.ca_state));
}

}  // namespace

Label event_label(const Event& event) {
  switch (event.kind) {
    case EventKind::kState:
      return {"state"};
    case EventKind::kConnect:
      return connect_label(event);
    case EventKind::kAccept:
      return {"accepted", Color::kGreen};
    case EventKind::kClose:
      return close_label(event);
    case EventKind::kRetransmit:
      return {retransmit_label(event.retransmit_type), Color::kYellow};
    case EventKind::kResetSent:
      return {"RST sent", Color::kRed};
    case EventKind::kResetReceived:
      return {"RST recv", Color::kRed};
  }
  return {"unknown"};
}

TcpState shown_state(const Event& event) {
  const bool ended =
      event.kind == EventKind::kClose ||
      (event.kind == EventKind::kConnect && event.connection.state == TcpState::kClose);
  return ended ? event.connection.old_state : event.connection.state;
}

void append_detail(std::string& out, const Event& event) {
  Clauses clauses(out);
  if (event.verdict.has_value()) {
    clauses.add("{} ({}): {}", model::cause_name(event.verdict->cause),
                model::confidence_name(event.verdict->confidence),
                terminal_safe(event.verdict->summary));
  }
  switch (event.kind) {
    case EventKind::kState:
      clauses.add("from {}", model::state_name(event.connection.old_state));
      return;
    case EventKind::kAccept:
      return;
    case EventKind::kConnect:
      return connect_detail(clauses, event);
    case EventKind::kClose:
      return close_detail(clauses, event);
    case EventKind::kRetransmit:
      return retransmit_detail(clauses, event);
    case EventKind::kResetSent:
    case EventKind::kResetReceived:
      return reset_detail(clauses, event);
  }
}

void append_verdict(std::string& out, const model::Verdict& verdict) {
  Clauses clauses(out);
  for (const std::string& fact : verdict.evidence) {
    clauses.add("{}", terminal_safe(fact));
  }
  if (!verdict.advice.empty()) {
    clauses.add("advice: {}", verdict.advice);
  }
}

void append_verbose(std::string& out, const Event& event) {
  Clauses clauses(out);
  clauses.add("cookie {}", event.connection.cookie);
  clauses.add("netns {}", event.connection.netns);
  clauses.add("role {}", model::role_name(event.connection.role));
  if (event.connection.age.has_value()) {
    clauses.add("age {}", human_duration(*event.connection.age));
  }
  if (event.owner.has_value()) {
    verbose_task(clauses, *event.owner);
  }
  if (describes_connection(event)) {
    verbose_info(clauses, *event.info);
  }
}

}  // namespace tcptrace::output
