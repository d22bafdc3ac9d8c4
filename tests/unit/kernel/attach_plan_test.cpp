// SPDX-License-Identifier: GPL-2.0
#include "kernel/attach_plan.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tcptrace::kernel {
namespace {

using model::AttachFamily;

// A kernel that offers everything the table names.
Facts everything() {
  Facts facts;
  for (const HookRow& row : hook_rows()) {
    for (const VariantRow& variant : row.variants) {
      for (const ProgramRow& program : variant.programs) {
        const bool function =
            program.type == AttachType::kFentry || program.type == AttachType::kKprobe;
        (function ? facts.functions : facts.tracepoints).emplace(program.target);
      }
    }
  }
  facts.reset_reason = true;
  facts.retransmit_error = true;
  return facts;
}

Choice choice_of(std::string_view hook, const Facts& facts,
                 std::optional<AttachFamily> family = std::nullopt,
                 const Rejections& rejections = {}) {
  for (const Choice& choice : choose_hooks(hook_rows(), facts, family, rejections)) {
    if (choice.hook->name == hook) {
      return choice;
    }
  }
  ADD_FAILURE() << "no hook " << hook;
  return {};
}

std::string_view label_of(const Choice& choice) {
  return choice.variant == nullptr ? "" : choice.variant->label;
}

TEST(AttachPlan, FunctionHooksComeFirstWhereTheyLoad) {
  EXPECT_EQ(label_of(choice_of("state", everything())), "fentry:tcp_set_state");
  EXPECT_EQ(label_of(choice_of("accept", everything())), "fexit:inet_csk_accept");
  EXPECT_TRUE(choice_of("state", everything()).failures.empty());
}

TEST(AttachPlan, KernelWithoutFunctionHooksGetsTracepointsAndSaysWhy) {
  Facts facts = everything();
  facts.fentry_failure = "load: Operation not permitted";
  facts.kprobe_failure = "no kprobes";
  const Choice state = choice_of("state", facts);
  EXPECT_EQ(label_of(state), "tp_btf:inet_sock_set_state");
  ASSERT_EQ(state.failures.size(), 1U);
  EXPECT_EQ(state.failures[0].variant, "fentry:tcp_set_state");
  EXPECT_EQ(state.failures[0].reason, "load: Operation not permitted");
  const Choice accept = choice_of("accept", facts);
  EXPECT_EQ(label_of(accept), "tp:sys_exit_accept4,sys_exit_accept");
  EXPECT_EQ(accept.failures.size(), 2U);
}

TEST(AttachPlan, CompleteResetTracepointIsPreferredToFunctions) {
  EXPECT_EQ(label_of(choice_of("reset_sent", everything())), "tp_btf:tcp_send_reset");
}

TEST(AttachPlan, IncompleteResetTracepointGivesWayToFunctions) {
  Facts facts = everything();
  facts.reset_reason = false;
  const Choice choice = choice_of("reset_sent", facts);
  EXPECT_EQ(choice.variant->family, AttachFamily::kFentry);
  EXPECT_EQ(choice.failures.size(), 2U);
}

TEST(AttachPlan, RetransmitTracepointThatIsSilentOnFailuresGivesWayToFunctions) {
  Facts facts = everything();
  EXPECT_EQ(label_of(choice_of("retransmit", facts)), "tp_btf:tcp_retransmit_skb");
  EXPECT_TRUE(choice_of("retransmit", facts).variant->limit.empty());
  facts.retransmit_error = false;
  EXPECT_EQ(choice_of("retransmit", facts).variant->family, AttachFamily::kFentry);
  facts.fentry_failure = "load: Operation not permitted";
  EXPECT_EQ(label_of(choice_of("retransmit", facts)), "tp_btf:tcp_retransmit_skb");
  EXPECT_FALSE(choice_of("retransmit", facts).variant->limit.empty());
}

TEST(AttachPlan, IncompleteResetTracepointIsCompletedAtTheEgressWhereNothingElseIsLeft) {
  Facts facts = everything();
  facts.reset_reason = false;
  const Choice choice = choice_of("reset_sent", facts, AttachFamily::kTracepoint);
  ASSERT_NE(choice.variant, nullptr);
  EXPECT_TRUE(choice.variant->watches_egress);
  EXPECT_FALSE(choice.variant->announces_replies);
  EXPECT_FALSE(choice.variant->limit.empty());
}

TEST(AttachPlan, FirewallIsWatchedAtTheEgressUntilItsModuleIsLoaded) {
  Facts facts = everything();
  facts.functions.erase("nf_send_reset");
  facts.functions.erase("nf_send_reset6");
  facts.unloaded_module_functions = {"nf_send_reset", "nf_send_reset6"};
  const Choice choice = choice_of("reset_netfilter", facts);
  EXPECT_EQ(label_of(choice), "tp_btf:net_dev_queue");
  EXPECT_NE(choice.failures[0].reason.find("module"), std::string::npos);
}

TEST(AttachPlan, WhatIsPreemptedGivesWayToWhatIsNot) {
  Facts facts = everything();
  facts.functions_preempted = true;
  EXPECT_EQ(label_of(choice_of("state", facts)), "tp_btf:inet_sock_set_state");
  EXPECT_EQ(label_of(choice_of("reset_sent", facts)), "tp_btf:tcp_send_reset");
  EXPECT_EQ(label_of(choice_of("reset_received", facts)), "kprobe:tcp_reset");
  const Choice accept = choice_of("accept", facts);
  EXPECT_EQ(label_of(accept), "kretprobe:inet_csk_accept");
  ASSERT_EQ(accept.failures.size(), 1U);
  EXPECT_NE(accept.failures[0].reason.find("preempted"), std::string::npos);
}

TEST(AttachPlan, NothingIsPreemptedInASoftirq) {
  Facts facts = everything();
  facts.functions_preempted = true;
  EXPECT_EQ(label_of(choice_of("retransmit", facts)), "tp_btf:tcp_retransmit_skb");
  EXPECT_EQ(label_of(choice_of("retransmit_synack", facts)), "fexit:tcp_rtx_synack");
}

TEST(AttachPlan, WhatIsPreemptedIsTakenWhereNothingElseIsLeft) {
  Facts facts = everything();
  facts.functions_preempted = true;
  facts.kprobe_failure = "no kprobes";
  const std::vector<Choice> choices = choose_hooks(hook_rows(), facts, std::nullopt, {});
  const Choice& handshake = choices.back();
  EXPECT_EQ(label_of(handshake), "fentry:tcp_rcv_state_process");
  ASSERT_EQ(handshake.failures.size(), 1U);
  EXPECT_EQ(handshake.failures[0].reason, "no kprobes");
  EXPECT_NE(hook_statuses(choices).back().limit.find("preempted"), std::string::npos);
  facts.functions_preempted = false;
  EXPECT_TRUE(
      hook_statuses(choose_hooks(hook_rows(), facts, std::nullopt, {})).back().limit.empty());
}

TEST(AttachPlan, AForcedFamilyIsTakenPreemptedOrNot) {
  Facts facts = everything();
  facts.functions_preempted = true;
  EXPECT_EQ(choice_of("state", facts, AttachFamily::kFentry).variant->family,
            AttachFamily::kFentry);
}

// No tracepoint shows the segment that completes a handshake.
bool only_a_function_sees(const HookRow& row) { return row.name == "handshake"; }

TEST(AttachPlan, ForcedFamilyTakesNothingElse) {
  for (const AttachFamily family :
       {AttachFamily::kFentry, AttachFamily::kTracepoint, AttachFamily::kKprobe}) {
    for (const Choice& choice : choose_hooks(hook_rows(), everything(), family, {})) {
      if (only_a_function_sees(*choice.hook) && family == AttachFamily::kTracepoint) {
        EXPECT_EQ(choice.variant, nullptr) << choice.hook->name;
        continue;
      }
      ASSERT_NE(choice.variant, nullptr) << choice.hook->name;
      EXPECT_EQ(choice.variant->family, family) << choice.hook->name;
    }
  }
}

TEST(AttachPlan, EveryHookHasAVariantInEveryFamily) {
  for (const HookRow& row : hook_rows()) {
    for (const AttachFamily family :
         {AttachFamily::kFentry, AttachFamily::kTracepoint, AttachFamily::kKprobe}) {
      if (only_a_function_sees(row) && family == AttachFamily::kTracepoint) {
        continue;
      }
      EXPECT_TRUE(std::ranges::any_of(row.variants, [&](const VariantRow& variant) {
        return variant.family == family;
      })) << row.name;
    }
  }
}

TEST(AttachPlan, RejectedVariantIsPassedOverWithItsReason) {
  const Rejections rejections = {
      {"retransmit/tp_btf:tcp_retransmit_skb", "attach: Invalid argument"}};
  const Choice choice = choice_of("retransmit", everything(), std::nullopt, rejections);
  EXPECT_EQ(label_of(choice), "raw_tp:tcp_retransmit_skb");
  ASSERT_EQ(choice.failures.size(), 1U);
  EXPECT_EQ(choice.failures[0].reason, "attach: Invalid argument");
}

TEST(AttachPlan, HookWithoutAnyVariantLeftSaysEverythingThatFailed) {
  Facts facts;
  facts.fentry_failure = "no fentry";
  facts.kprobe_failure = "no kprobe";
  const Choice choice = choice_of("retransmit", facts);
  EXPECT_EQ(choice.variant, nullptr);
  EXPECT_EQ(choice.failures.size(), 6U);
  EXPECT_THAT(choice.failures[0].reason, testing::HasSubstr("6.17"));
  EXPECT_EQ(choice.failures[2].reason, "no fentry");
  EXPECT_EQ(choice.failures[3].reason, "tcp_retransmit_skb: no such tracepoint in BTF");
}

TEST(AttachPlan, MissingFunctionRulesOutItsVariant) {
  Facts facts = everything();
  facts.functions.erase("inet_sk_set_state");
  EXPECT_EQ(label_of(choice_of("state", facts)), "tp_btf:inet_sock_set_state");
}

TEST(AttachPlan, StatusTellsWhatIsAttached) {
  const auto choices = choose_hooks(hook_rows(), everything(), std::nullopt, {});
  const auto statuses = hook_statuses(choices);
  ASSERT_EQ(statuses.size(), hook_rows().size());
  EXPECT_EQ(statuses[0].name, "state");
  EXPECT_TRUE(statuses[0].required);
  ASSERT_EQ(statuses[0].attached.size(), 1U);
  EXPECT_EQ(statuses[0].attached[0], "fentry:tcp_set_state");
  EXPECT_EQ(statuses[0].family, AttachFamily::kFentry);
}

}  // namespace
}  // namespace tcptrace::kernel
