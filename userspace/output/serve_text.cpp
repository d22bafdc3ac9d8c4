// SPDX-License-Identifier: GPL-2.0
// A server's records for people.
#include <iterator>
#include <string_view>

#include <fmt/core.h>

#include "base/text.h"
#include "output/serve.h"
#include "output/text_cell.h"
#include "output/words.h"

namespace tcptrace::output {
namespace {

using model::ServeCounts;

std::string closed_by_us(const ServeCounts& counts) {
  std::string text;
  Clauses clauses(text);
  for (std::size_t i = 0; i < model::kServeCloses; ++i) {
    if (counts.closed_by_us[i] != 0) {
      clauses.add("{} {}", model::serve_close_name(static_cast<model::ServeClose>(i)),
                  grouped(counts.closed_by_us[i]));
    }
  }
  return text;
}

std::string errors(const ServeCounts& counts) {
  std::string text;
  Clauses clauses(text);
  for (const model::ErrnoCount& error : counts.errors) {
    clauses.add("{} {}", errno_text(error.err), grouped(error.count));
  }
  return text;
}

}  // namespace

std::string serve_start_text(const model::ServeStart& start) {
  std::string out = "listening on ";
  Clauses clauses(out);
  for (const model::ListenAddress& at : start.addresses) {
    clauses.add("{}{}", host_and_port(at.address, at.port),
                at.dual_stack ? " (IPv6 and IPv4)" : "");
  }
  out += '\n';
  return out;
}

std::string serve_report_text(const model::ServeReport& report) {
  const ServeCounts& counts = report.counts;
  std::string out;
  append_labelled(
      out, "summary",
      fmt::format("{}, ended by: {}", human_duration(report.duration), report.ended_by));
  append_labelled(
      out, "accepted",
      fmt::format("{}, at most {} at once", grouped(counts.accepted), grouped(counts.max_open)));
  append_labelled(out, "closed",
                  fmt::format("{} by the peer, {} by this side, {} reset by the peer, {} failed",
                              grouped(counts.closed_by_peer), grouped(counts.closed_by_us_total()),
                              grouped(counts.resets_received), grouped(counts.failed)));
  if (const std::string reasons = closed_by_us(counts); !reasons.empty()) {
    append_labelled(out, "", "by this side: " + reasons);
  }
  if (counts.resets_sent != 0) {
    append_labelled(out, "", fmt::format("{} closed with a reset", grouped(counts.resets_sent)));
  }
  append_labelled(
      out, "requests",
      fmt::format("{}, {} of them bad", grouped(counts.requests), grouped(counts.bad_requests)));
  append_labelled(out, "bytes",
                  fmt::format("{} received, {} sent", human_bytes(counts.bytes_received),
                              human_bytes(counts.bytes_sent)));
  if (counts.accept_pauses != 0) {
    append_labelled(out, "accepting",
                    fmt::format("paused {} times for lack of descriptors or memory",
                                grouped(counts.accept_pauses)));
  }
  if (!counts.errors.empty()) {
    append_labelled(out, "errors", errors(counts));
  }
  return out;
}

std::string serve_rates_text(const ServeCounts& before, const ServeCounts& after,
                             std::chrono::nanoseconds between,
                             std::chrono::nanoseconds since_start) {
  const auto rate = [&](std::uint64_t ServeCounts::*member) {
    return static_cast<std::uint64_t>(per_second(after.*member - before.*member, between));
  };
  return fmt::format("{}: {} open, {} accepted/s, {} requests/s, {}/s in, {}/s out, {} resets\n",
                     human_duration(since_start), grouped(after.open),
                     grouped(rate(&ServeCounts::accepted)), grouped(rate(&ServeCounts::requests)),
                     human_bytes(rate(&ServeCounts::bytes_received)),
                     human_bytes(rate(&ServeCounts::bytes_sent)),
                     grouped(after.resets_received - before.resets_received));
}

}  // namespace tcptrace::output
