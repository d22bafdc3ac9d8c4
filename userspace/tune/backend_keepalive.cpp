// SPDX-License-Identifier: GPL-2.0
// What was seen of the backends, and how long they all keep an idle connection.
#include <algorithm>
#include <chrono>
#include <cstddef>

#include <fmt/core.h>

#include "base/text.h"
#include "tune/balancer.h"

namespace tcptrace::tune {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr milliseconds kClockTolerance(50);  // far below any margin

}  // namespace

std::string observation_text(const model::ObservedKeepalive& one) {
  const std::string who = host_and_port(one.backend.host, one.backend.port);
  if (!one.closed_after) {
    return one.of == 0 ? fmt::format("{} was not seen to close idle connections", who)
                       : fmt::format("{} closed {}, after times that do not agree", who,
                                     counted(one.of, "idle connection"));
  }
  const std::string after = human_duration(*one.closed_after);
  if (one.closes == 0) {
    return fmt::format("{} closed after {}", who, after);
  }
  const std::string_view verb = one.presumed ? "seems to have closed" : "closed";
  return one.of > one.closes
             ? fmt::format("{} {} {}, {} of them after {}", who, verb,
                           counted(one.of, "idle connection"), grouped(one.closes), after)
             : fmt::format("{} {} {} after {}", who, verb, counted(one.closes, "idle connection"),
                           after);
}

model::BackendKeepalive keepalive_of(std::span<const model::ObservedKeepalive> observed,
                                     std::optional<std::chrono::nanoseconds> limit) {
  using Source = model::BackendKeepalive::Source;
  const auto kept = [limit](const model::ObservedKeepalive& one) {
    return one.closed_after.value_or(limit.value_or(kAssumedKeepalive));
  };
  const auto shortest = std::ranges::min_element(observed, {}, kept);
  const auto time = std::chrono::floor<milliseconds>(kept(*shortest));
  // Timers are set in whole seconds, and the clocks of two machines do not quite agree.
  const auto whole = std::chrono::floor<seconds>(time + kClockTolerance);
  model::BackendKeepalive keepalive{.value = whole == seconds(0) ? time : milliseconds(whole),
                                    .source = Source::kMeasured};
  const auto unseen = static_cast<std::size_t>(std::ranges::count_if(
      observed, [limit](const auto& one) { return !limit && !one.closed_after; }));
  if (!shortest->closed_after && limit) {
    keepalive.evidence = fmt::format("at least, for none of {} closed within {}",
                                     counted(observed.size(), "backend"), human_duration(time));
    return keepalive;
  }
  if (!shortest->closed_after) {
    keepalive.source = Source::kAssumed;
    keepalive.evidence = observation_text(*shortest);
    if (unseen > 1) {
      keepalive.evidence += fmt::format(", nor {}", counted(unseen - 1, "other"));
    }
    const auto seen = std::ranges::min_element(observed, {}, [](const auto& one) {
      return one.closed_after.value_or(std::chrono::nanoseconds::max());
    });
    keepalive.evidence += "; " + observation_text(*seen);
    return keepalive;
  }
  const bool disagree = std::ranges::any_of(
      observed, [](const auto& one) { return !one.closed_after && one.of != 0; });
  const std::size_t known = observed.size() - unseen;
  keepalive.evidence = observation_text(*shortest);
  if (known > 1) {
    keepalive.evidence += fmt::format(", the first of {}", known);
  }
  if (unseen > 0) {
    keepalive.evidence += fmt::format(
        "; {} not seen to close {}, and assumed to keep them for {} or longer",
        unseen == 1 ? "1 other was" : fmt::format("{} others were", unseen),
        disagree ? "them after times that agree" : "any", human_duration(kAssumedKeepalive));
  }
  return keepalive;
}

}  // namespace tcptrace::tune
