// SPDX-License-Identifier: GPL-2.0
// Which program goes to which hook: one row per logical hook with its variants in order of
// preference, and the choice among them as a pure function of what the kernel offers.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/report.h"

namespace tcptrace::kernel {

enum class AttachType : std::uint8_t {
  kFentry,  // fexit too
  kTpBtf,
  kRawTp,
  kKprobe,  // kretprobe too
  kSyscallTp,
};

struct ProgramRow {
  std::string_view program;  // as in the BPF object
  AttachType type;
  std::string_view target;  // function, tracepoint or system call event
};

struct VariantRow {
  std::string_view label;  // "tp_btf:tcp_send_reset"
  model::AttachFamily family;
  std::vector<ProgramRow> programs;     // all of them, or the variant is not used
  std::string_view limit = {};          // what this one cannot see
  bool needs_reset_reason = false;      // only where tcp_send_reset carries enum sk_rst_reason
  bool needs_retransmit_error = false;  // only where tcp_retransmit_skb carries the error
  bool watches_egress = false;
  bool announces_replies = false;
  bool tells_connect_errors = false;
};

struct HookRow {
  std::string_view name;
  std::string_view purpose;  // what is lost without it
  bool required;
  bool in_softirq = false;           // where nothing is preempted
  std::vector<VariantRow> variants;  // best first
};

// The whole table, with the kernel change behind each variant.
[[nodiscard]] const std::vector<HookRow>& hook_rows();

// What a kernel offers, as far as it can be known without loading the programs themselves.
struct Facts {
  std::set<std::string, std::less<>>
      functions;  // of those the table names: in the kernel's or a module's BTF
  std::set<std::string, std::less<>> tracepoints;                // likewise
  std::set<std::string, std::less<>> unloaded_module_functions;  // their module is not loaded
  std::set<std::string, std::less<>> functions_without_btf;      // of a loaded module: kprobes only
  std::string fentry_failure;  // why function hooks do not load; empty: they do
  std::string kprobe_failure;
  std::string syscall_tp_failure;
  bool reset_reason = false;
  bool retransmit_error = false;
  bool functions_preempted = false;  // kernel_preempts() of kernel/preemption.h
};

struct Choice {
  const HookRow* hook = nullptr;
  const VariantRow* variant = nullptr;  // null: none is left
  bool preempted = false;               // there was none that is not
  std::vector<model::HookFailure> failures;
};

// Why variants failed although the facts spoke for them, by "hook/label": what loading and
// attaching found out.
using Rejections = std::map<std::string, std::string, std::less<>>;

// `family` forces one; empty takes the first variant of each row that the facts and rejections
// leave, and rather one that is not preempted.
[[nodiscard]] std::vector<Choice> choose_hooks(std::span<const HookRow> rows, const Facts& facts,
                                               std::optional<model::AttachFamily> family,
                                               const Rejections& rejections);

[[nodiscard]] std::string rejection_key(const HookRow& hook, const VariantRow& variant);

// For the `hooks` record and `tcptrace check`.
[[nodiscard]] std::vector<model::HookStatus> hook_statuses(std::span<const Choice> choices);

}  // namespace tcptrace::kernel
