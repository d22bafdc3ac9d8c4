// SPDX-License-Identifier: GPL-2.0
// The table for people: columns, widths, colours. What the columns say is text_detail's.
#include "output/text.h"

#include "base/text.h"
#include "output/text_cell.h"
#include "output/text_detail.h"
#include "output/text_report.h"
#include "output/wall_time.h"

namespace tcptrace::output {
namespace {

using model::Event;

// A column is as wide as its usual content: any IPv4 endpoint fits. What is wider (a long IPv6
// address) moves only the rest of its own line.
constexpr std::size_t kPidWidth = 7;
constexpr std::size_t kContainerWidth = 12;
constexpr std::size_t kEventWidth = 15;
constexpr std::size_t kEndpointWidth = 21;
constexpr std::size_t kStateWidth = 12;

std::string_view container_of(const Event& event) {
  if (!event.owner.has_value() || event.owner->cgroup == nullptr) {
    return {};
  }
  return event.owner->cgroup->container;
}

std::string or_dash(std::string_view text) { return text.empty() ? "-" : terminal_safe(text); }

void append_endpoint_cell(std::string& out, model::Family family, const model::Address& address,
                          std::uint16_t port) {
  const std::size_t start = out.size();
  const std::span<const std::uint8_t, 16> bytes(address.bytes);
  if (family == model::Family::kIpv4) {
    append_address(out, bytes.first<4>());
  } else {
    out += '[';
    append_address(out, bytes);
    out += ']';
  }
  fmt::format_to(std::back_inserter(out), ":{}", port);
  pad_cell(out, out.size() - start, kEndpointWidth);
}

void append_owner_cells(std::string& out, const Event& event, bool with_container) {
  const bool known = event.owner.has_value() && event.owner->pid != 0;
  append_cell(out, known ? fmt::format_int(event.owner->pid).str() : "-", kPidWidth);
  append_cell(out, known ? or_dash(event.owner->comm_view()) : "-", kCommWidth);
  if (with_container) {
    append_cell(out, or_dash(container_of(event).substr(0, kContainerWidth)), kContainerWidth);
  }
}

template <typename Append>
void append_further_line(std::string& out, Append append) {
  out.append(kClockWidth + 2, ' ');
  append();
  out += '\n';
}

void append_event(std::string& out, const Event& event, bool with_container,
                  const Context& context) {
  append_clock_time(out, wall_time(event.boot_time, context), context);
  out += "  ";
  append_owner_cells(out, event, with_container);
  const Label label = event_label(event);
  append_colored(out, label.text, label.color, context);
  pad_cell(out, label.text.size(), kEventWidth);
  const model::Connection& connection = event.connection;
  append_endpoint_cell(out, connection.family, connection.local, connection.local_port);
  append_endpoint_cell(out, connection.family, connection.peer, connection.peer_port);
  const model::TcpState state = shown_state(event);
  append_cell(out, state == model::TcpState::kUnknown ? "-" : model::state_name(state),
              kStateWidth);
  append_detail(out, event);
  trim_line(out);
  out += '\n';
  if (!context.verbose) {
    return;
  }
  append_further_line(out, [&] { append_verbose(out, event); });
  if (event.verdict.has_value() && !event.verdict->evidence.empty()) {
    append_further_line(out, [&] { append_verdict(out, *event.verdict); });
  }
  if (!event.history.empty()) {
    append_further_line(out, [&] { append_history(out, event); });
  }
}

Color outcome_color(model::DrillOutcome outcome) {
  switch (outcome) {
    case model::DrillOutcome::kRight:
      return Color::kGreen;
    case model::DrillOutcome::kOpen:
      return Color::kYellow;
    case model::DrillOutcome::kWrong:
      return Color::kRed;
  }
  return Color::kNone;
}

void append_drill(std::string& out, const model::DrillResult& drill, const Context& context) {
  append_colored(out, model::drill_outcome_name(drill.outcome), outcome_color(drill.outcome),
                 context);
  out += fmt::format("  {}: ", drill.name);
  if (!drill.verdict) {
    out += "no record of it";
  } else {
    out += fmt::format("{} ({})", model::cause_name(drill.verdict->cause),
                       model::confidence_name(drill.verdict->confidence));
  }
  if (drill.outcome != model::DrillOutcome::kRight) {
    out += fmt::format(", expected {}", model::cause_name(drill.expected));
  }
  out += '\n';
}

void append_lost(std::string& out, const model::Lost& lost, const Context& context) {
  append_clock_time(out, wall_time(lost.boot_time, context), context);
  out += "  ";
  std::string words = "lost ";
  append_loss_words(words, lost.counts);
  append_colored(out, words, Color::kRed, context);
  out += '\n';
}

}  // namespace

void TextTable::append_header(std::string& out, const Context& context) const {
  std::string line;
  append_cell(line, "TIME", kClockWidth);
  append_cell(line, "PID", kPidWidth);
  append_cell(line, "COMM", kCommWidth);
  if (containers_) {
    append_cell(line, "CONTAINER", kContainerWidth);
  }
  append_cell(line, "EVENT", kEventWidth);
  append_cell(line, "LOCAL", kEndpointWidth);
  append_cell(line, "PEER", kEndpointWidth);
  append_cell(line, "STATE", kStateWidth);
  line += "DETAIL";
  append_colored(out, line, Color::kBold, context);
  out += '\n';
}

void TextTable::append(std::string& out, const model::Record& record, const Context& context) {
  if (const auto* event = std::get_if<Event>(&record)) {
    if (!containers_ && !container_of(*event).empty()) {
      containers_ = true;
      append_header(out, context);
    }
    append_event(out, *event, containers_, context);
  } else if (const auto* lost = std::get_if<model::Lost>(&record)) {
    append_lost(out, *lost, context);
  } else if (const auto* drill = std::get_if<model::DrillResult>(&record)) {
    append_drill(out, *drill, context);
  } else if (const auto* summary = std::get_if<model::Summary>(&record)) {
    out += summary_text(*summary, context);
  }
}

}  // namespace tcptrace::output
