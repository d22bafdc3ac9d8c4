// SPDX-License-Identifier: GPL-2.0
#include "tune/tune.h"

#include <algorithm>
#include <array>
#include <span>
#include <string>
#include <utility>

#include "tune/refusals.h"
#include "tune/rule.h"

namespace tcptrace::tune {
namespace {

// Asked for by rules of other settings only.
constexpr auto kOnlyRead = std::to_array<std::string_view>({
    "net.ipv4.tcp_available_congestion_control",
    "net.ipv4.tcp_no_ssthresh_metrics_save",
    "net.ipv4.tcp_ehash_entries",
    "net.ipv4.tcp_max_orphans",
    "net.netfilter.nf_conntrack_count",
});

std::array<std::span<const Rule>, 6> all_rules() {
  return {listen_rules(), timer_rules(), buffer_rules(),
          path_rules(),   port_rules(),  conntrack_rules()};
}

void judge(const Rule& rule, const View& view, model::TunePlan& plan) {
  std::string current(view.text(rule.name));
  if (current.empty() && !view.netns().sysctls.contains(rule.name)) {
    const bool unread =
        std::ranges::find(plan.unread, rule.name, &model::UnreadFact::what) != plan.unread.end();
    if (!rule.optional && !unread) {
      plan.kept.push_back({.name = std::string(rule.name),
                           .current = {},
                           .reason = "not there on this kernel or in this network namespace"});
    }
    return;
  }
  Opinion opinion = rule.judge(view);
  if (opinion.proposed.empty() || opinion.proposed == current) {
    plan.kept.push_back({.name = std::string(rule.name),
                         .current = std::move(current),
                         .reason = std::move(opinion.reason)});
    return;
  }
  plan.proposals.push_back({.name = std::string(rule.name),
                            .current = std::move(current),
                            .proposed = std::move(opinion.proposed),
                            .basis = opinion.basis,
                            .evidence = std::move(opinion.evidence),
                            .reason = std::move(opinion.reason),
                            .risk = std::move(opinion.risk),
                            .source = std::string(rule.source)});
}

}  // namespace

std::vector<std::string_view> settings() {
  std::vector<std::string_view> names(kOnlyRead.begin(), kOnlyRead.end());
  for (const std::span<const Rule> rules : all_rules()) {
    std::ranges::transform(rules, std::back_inserter(names), &Rule::name);
  }
  return names;
}

model::TunePlan advise(const model::TuneInput& input) {
  model::TunePlan plan;
  plan.boot_time = input.host.boot_time;
  plan.kernel = input.host.kernel;
  plan.netns = input.netns.name;
  plan.profile = input.profile;
  plan.sockets_counted = input.census != nullptr;
  plan.unread = input.host.unread;
  const View view(input);
  for (const std::span<const Rule> rules : all_rules()) {
    for (const Rule& rule : rules) {
      judge(rule, view, plan);
    }
  }
  const auto refused = refusals();
  plan.refusals.assign(refused.begin(), refused.end());
  return plan;
}

}  // namespace tcptrace::tune
