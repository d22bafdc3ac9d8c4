// SPDX-License-Identifier: GPL-2.0
#include "kernel/attach_plan.h"

#include <utility>

namespace tcptrace::kernel {
namespace {

using model::AttachFamily;
using enum AttachType;

constexpr std::string_view kFirewallLimit =
    "a firewall's resets are seen only once its module (nf_reject_ipv4, nf_reject_ipv6) is loaded";

constexpr std::string_view kPreempted =
    "a thread that is preempted in its midst hides what others do on that processor";

std::string unavailable(const ProgramRow& program, const Facts& facts) {
  const std::string target(program.target);
  switch (program.type) {
    case kFentry:
    case kKprobe: {
      const std::string& failure =
          program.type == kFentry ? facts.fentry_failure : facts.kprobe_failure;
      if (!failure.empty()) {
        return failure;
      }
      if (program.type == kKprobe && facts.functions_without_btf.contains(program.target)) {
        return {};
      }
      if (facts.functions_without_btf.contains(program.target)) {
        return target + ": its module has no BTF";
      }
      if (facts.unloaded_module_functions.contains(program.target)) {
        return target + ": its module is not loaded";
      }
      return facts.functions.contains(program.target) ? "" : target + ": no such function in BTF";
    }
    case kTpBtf:
    case kRawTp:
      return facts.tracepoints.contains(program.target) ? ""
                                                        : target + ": no such tracepoint in BTF";
    case kSyscallTp:
      return facts.syscall_tp_failure;
  }
  return {};
}

std::string why_not(const VariantRow& variant, const Facts& facts) {
  if (variant.needs_reset_reason && !facts.reset_reason) {
    return "incomplete before Linux 6.11: replies without a full socket are not traced";
  }
  if (variant.needs_retransmit_error && !facts.retransmit_error) {
    return "before Linux 6.17 it does not tell retransmissions that failed on this host";
  }
  for (const ProgramRow& program : variant.programs) {
    if (std::string reason = unavailable(program, facts); !reason.empty()) {
      return reason;
    }
  }
  return {};
}

// Kprobes run with preemption disabled, but cannot ask for a socket's cookie. Tracepoints can,
// although they are preempted too from 7.0 on: which comes first the row says.
bool is_preempted(const HookRow& row, const VariantRow& variant, const Facts& facts) {
  return facts.functions_preempted && !row.in_softirq && variant.family == AttachFamily::kFentry;
}

std::string rejection(const HookRow& row, const VariantRow& variant, const Facts& facts,
                      const Rejections& rejections) {
  std::string reason = why_not(variant, facts);
  if (const auto found = rejections.find(rejection_key(row, variant));
      reason.empty() && found != rejections.end()) {
    reason = found->second;
  }
  return reason;
}

// What is preempted is taken where nothing else is left; of a family that is forced, at once.
Choice choose(const HookRow& row, const Facts& facts, std::optional<AttachFamily> family,
              const Rejections& rejections) {
  Choice choice{.hook = &row, .variant = nullptr, .failures = {}};
  const VariantRow* preempted = nullptr;
  for (const VariantRow& variant : row.variants) {
    if (family && variant.family != *family) {
      continue;
    }
    std::string reason = rejection(row, variant, facts, rejections);
    if (reason.empty() && !family && is_preempted(row, variant, facts)) {
      preempted = preempted == nullptr ? &variant : preempted;
      reason = kPreempted;
    }
    if (reason.empty()) {
      choice.variant = &variant;
      return choice;
    }
    choice.failures.push_back({.variant = std::string(variant.label), .reason = std::move(reason)});
  }
  if (preempted != nullptr) {
    choice.variant = preempted;
    choice.preempted = true;
    std::erase_if(choice.failures, [&](const model::HookFailure& failure) {
      return failure.variant == preempted->label;
    });
  }
  return choice;
}

}  // namespace

std::string rejection_key(const HookRow& hook, const VariantRow& variant) {
  return std::string(hook.name) + "/" + std::string(variant.label);
}

std::vector<Choice> choose_hooks(std::span<const HookRow> rows, const Facts& facts,
                                 std::optional<AttachFamily> family, const Rejections& rejections) {
  std::vector<Choice> choices;
  choices.reserve(rows.size());
  for (const HookRow& row : rows) {
    choices.push_back(choose(row, facts, family, rejections));
  }
  return choices;
}

std::vector<model::HookStatus> hook_statuses(std::span<const Choice> choices) {
  std::vector<model::HookStatus> statuses;
  for (const Choice& choice : choices) {
    model::HookStatus status{.name = std::string(choice.hook->name),
                             .purpose = std::string(choice.hook->purpose),
                             .attached = {},
                             .family = std::nullopt,
                             .failures = choice.failures,
                             .limit = {},
                             .required = choice.hook->required};
    if (choice.variant != nullptr) {
      status.attached.emplace_back(choice.variant->label);
      status.family = choice.variant->family;
      status.limit = choice.variant->limit;
      if (choice.preempted) {
        status.limit.append(status.limit.empty() ? "" : "; ").append(kPreempted);
      }
    } else if (choice.hook->name == "reset_netfilter") {
      status.limit = kFirewallLimit;
    }
    statuses.push_back(std::move(status));
  }
  return statuses;
}

}  // namespace tcptrace::kernel
