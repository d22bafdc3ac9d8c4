// SPDX-License-Identifier: GPL-2.0
#include "monitor/rates.h"

#include <string_view>

#include "model/sysctls.h"

namespace tcptrace::monitor {
namespace {

using model::CounterValues;

constexpr std::uint64_t kWord = std::uint64_t{1} << 32U;

std::optional<CounterValues> increases(const CounterValues& now, const CounterValues& before) {
  CounterValues result{};
  for (std::size_t i = 0; i < now.size(); ++i) {
    const auto increase = counter_increase(now.at(i), before.at(i));
    if (!increase) {
      return std::nullopt;
    }
    result.at(i) = *increase;
  }
  return result;
}

model::MonitorSample::Namespace namespace_of(const model::NetnsFacts& facts) {
  model::MonitorSample::Namespace netns;
  for (std::size_t i = 0; i < netns.counters.size(); ++i) {
    const auto counter = static_cast<model::MonitorCounter>(i);
    netns.counters.at(i) =
        model::counter_value(facts.counters, model::monitor_counter_name(counter));
  }
  // A sum over the CPUs that one reader may see below zero for a moment.
  const std::uint64_t established = model::counter_value(facts.counters, "Tcp.CurrEstab");
  netns.established = established > INT64_MAX ? 0 : established;
  netns.time_wait = facts.sockstat ? facts.sockstat->time_wait : 0;
  return netns;
}

}  // namespace

model::MonitorSample sample_of(const model::HostFacts& facts) {
  model::MonitorSample sample;
  sample.boot_time = facts.boot_time;
  for (const model::NetnsFacts& netns : facts.namespaces) {
    if (netns.counters.empty()) {
      continue;
    }
    sample.namespaces.emplace(netns.inode, namespace_of(netns));
    // The same whichever namespace says it.
    if (netns.sockstat) {
      sample.orphans = netns.sockstat->orphan;
      sample.memory_bytes = netns.sockstat->memory_pages * facts.page_bytes;
    }
  }
  return sample;
}

std::optional<std::uint64_t> counter_increase(std::uint64_t now, std::uint64_t before) {
  if (now >= before) {
    return now - before;
  }
  // From the upper half to the lower: a wrap. From anywhere else it would take half the range in
  // one interval.
  if (before < kWord && before >= kWord / 2 && now < kWord / 2) {
    return kWord - before + now;
  }
  return std::nullopt;
}

std::optional<model::MonitorRates> rates_between(const model::MonitorSample& before,
                                                 const model::MonitorSample& now) {
  if (now.boot_time <= before.boot_time) {
    return std::nullopt;
  }
  model::MonitorRates rates;
  rates.elapsed = now.boot_time - before.boot_time;
  for (const auto& [inode, current] : now.namespaces) {
    const auto earlier = before.namespaces.find(inode);
    if (earlier == before.namespaces.end()) {
      continue;
    }
    auto increase = increases(current.counters, earlier->second.counters);
    if (!increase) {
      ++rates.restarted;
      increase = current.counters;
    }
    for (std::size_t i = 0; i < increase->size(); ++i) {
      rates.counts.at(i) += increase->at(i);
    }
  }
  return rates;
}

}  // namespace tcptrace::monitor
