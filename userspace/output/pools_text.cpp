// SPDX-License-Identifier: GPL-2.0
// Connection pools as a table for people.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <iterator>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/text.h"
#include "output/pools.h"
#include "output/socket.h"
#include "output/text_cell.h"
#include "output/text_columns.h"

namespace tcptrace::output {
namespace {

using model::Pool;
using model::PoolReport;

std::string peer_text(const model::PeerEndpoint& peer) {
  return model::endpoint_text(peer.family, peer.address, peer.port);
}

std::string per_minute_text(std::uint64_t count, const PoolReport& report) {
  return report.duration > std::chrono::nanoseconds(0)
             ? grouped(static_cast<std::uint64_t>(
                   std::llround(model::per_minute(count, report.duration))))
             : std::string();
}

// "1.2 s/9.8 s"
std::string idle_text(const model::PoolTimes& idle) {
  return idle.count == 0
             ? std::string()
             : fmt::format("{}/{}", human_duration(idle.median), human_duration(idle.max));
}

void append_verdicts(std::string& out, const Pool& pool, const Context& context) {
  for (const model::PoolVerdict& verdict : pool.verdicts) {
    out += "    ";
    append_colored(
        out,
        fmt::format("{} ({})", model::pool_problem_name(verdict.problem),
                    model::confidence_name(verdict.confidence)),
        verdict.confidence == model::Confidence::kPossible ? Color::kYellow : Color::kRed, context);
    fmt::format_to(std::back_inserter(out), ": {}\n        {}\n", verdict.summary, verdict.advice);
  }
}

// Of model::kIdleBounds.
constexpr std::array<std::string_view, std::tuple_size_v<model::IdleBuckets>> kBuckets = {
    "< 1 s", "< 5 s", "< 15 s", "< 1 min", "< 5 min", "< 15 min", "< 1 h", ">= 1 h"};

void append_idle(std::string& out, const Pool& pool) {
  if (pool.idle.count == 0) {
    return;
  }
  out += "    idle for: ";
  Clauses clauses(out);
  clauses.add("min {}", human_duration(pool.idle.min));
  clauses.add("p90 {}", human_duration(pool.idle.p90));
  for (std::size_t i = 0; i < pool.idle_buckets.size(); ++i) {
    if (pool.idle_buckets[i] != 0) {
      clauses.add("{} {}", pool.idle_buckets[i], kBuckets[i]);
    }
  }
  out += '\n';
}

void append_churn(std::string& out, const Pool& pool) {
  const model::PoolChurn& churn = pool.churn;
  if (churn.opened + churn.closed + churn.failed == 0) {
    return;
  }
  out += churn.at_least ? "    at least: " : "    ";
  Clauses clauses(out);
  clauses.add("{} opened", grouped(churn.opened));
  clauses.add("{} closed", grouped(churn.closed));
  if (churn.closed != 0) {
    clauses.add("{} of them by this side first, {} by the peer", grouped(churn.closed_here),
                grouped(churn.closed_by_peer));
  }
  if (churn.reset != 0) {
    clauses.add("{} by a reset", grouped(churn.reset));
  }
  if (churn.failed != 0) {
    clauses.add("{} connects failed", grouped(churn.failed));
  }
  if (churn.lifetimes.count != 0) {
    clauses.add("half of them lived no longer than {}", human_duration(churn.lifetimes.median));
  }
  if (pool.time_wait != 0) {
    clauses.add("{} in TIME_WAIT to this peer", grouped(pool.time_wait));
  }
  out += '\n';
}

std::string below(const Pool& pool, const Context& context) {
  std::string out;
  if (context.verbose) {
    append_idle(out, pool);
    append_churn(out, pool);
  }
  append_verdicts(out, pool, context);
  return out;
}

std::vector<std::string> cells(const Pool& pool, const PoolReport& report,
                               const std::string& netns) {
  const model::PoolConnections& now = pool.now;
  const bool owned = pool.process && pool.process->pid != 0;
  const std::string at_least = pool.age_at_least ? ">" : "";
  return {netns,
          owned ? std::to_string(pool.process->pid) : "",
          owned ? terminal_safe(pool.process->comm_view()) : "",
          std::string(model::runtime_title(pool.runtime)),
          peer_text(pool.peer),
          grouped(now.open),
          grouped(now.idle),
          grouped(now.busy),
          grouped(now.waiting),
          grouped(now.close_wait),
          per_minute_text(pool.churn.opened, report),
          per_minute_text(pool.churn.closed, report),
          idle_text(pool.idle),
          pool.age.count == 0 ? "" : at_least + human_duration(pool.age.max)};
}

bool in_several_netns(const PoolReport& report) {
  return std::ranges::adjacent_find(report.pools, [](const Pool& a, const Pool& b) {
           return a.peer.netns != b.peer.netns;
         }) != report.pools.end();
}

void append_peers(std::string& out, const PoolReport& report) {
  for (const model::PeerIdleClose& close : report.peer_idle_closes) {
    fmt::format_to(std::back_inserter(out), "{} {} connections that are idle for {} ({} of {})\n",
                   peer_text(close.peer), close.presumed ? "seems to end" : "ends",
                   human_duration(close.idle), close.count, close.of);
  }
}

}  // namespace

std::string pools_text(const PoolReport& report, bool header,
                       const std::function<std::string(std::uint32_t)>& netns_name,
                       const Context& context) {
  TextColumns table({{.title = "NETNS", .shown = in_several_netns(report)},
                     {.title = "PID", .number = true},
                     {.title = "COMM"},
                     {.title = "RUNTIME"},
                     {.title = "PEER"},
                     {.title = "OPEN", .number = true},
                     {.title = "IDLE", .number = true},
                     {.title = "BUSY", .number = true},
                     {.title = "WAITING", .number = true},
                     {.title = "CLOSE_WAIT", .number = true},
                     {.title = "OPENED/MIN", .number = true, .shown = report.looks > 1},
                     {.title = "CLOSED/MIN", .number = true, .shown = report.looks > 1},
                     {.title = "IDLE P50/MAX", .number = true},
                     {.title = "AGE MAX", .number = true}});
  for (const Pool& pool : report.pools) {
    table.row(cells(pool, report, terminal_safe(netns_name(pool.peer.netns))),
              below(pool, context));
  }
  std::string out;
  table.append(out, context, header);
  append_peers(out, report);
  return out;
}

std::string pools_summary_text(const PoolReport& report) {
  std::string out =
      fmt::format("{} with {}, in {}", counted(report.pools.size(), "pool"),
                  counted(report.connections, "open connection"), counted(report.looks, "look"));
  if (report.looks > 1) {
    out += fmt::format(" over {}", human_duration(report.duration));
  }
  out += fmt::format(", by {}", source_words(report.source));
  if (report.looks > 1) {
    out += report.traced ? "; opens and ends by the tracer" : "; opens and ends as the looks tell";
  }
  return out;
}

}  // namespace tcptrace::output
