// SPDX-License-Identifier: GPL-2.0
// `check` for people.
#include "base/text.h"
#include "output/check.h"
#include "output/text_cell.h"
#include "output/text_report.h"

namespace tcptrace::output {
namespace {

constexpr std::size_t kMarkWidth = 2;
constexpr std::size_t kCheckNameWidth = 20;
constexpr std::size_t kFamilyWidth = 7;

enum class Mark { kOk, kMissing, kProblem };

void append_mark(std::string& out, Mark mark, const Context& context) {
  out += "  ";
  switch (mark) {
    case Mark::kOk:
      append_colored(out, "ok", Color::kGreen, context);
      return pad_cell(out, 2, kMarkWidth);
    case Mark::kMissing:
      out += '-';
      return pad_cell(out, 1, kMarkWidth);
    case Mark::kProblem:
      append_colored(out, "!!", Color::kRed, context);
      return pad_cell(out, 2, kMarkWidth);
  }
}

void append_row(std::string& out, Mark mark, std::string_view name, std::string_view value,
                const Context& context) {
  append_mark(out, mark, context);
  append_cell(out, terminal_safe(name), kCheckNameWidth);
  out += terminal_safe(value);
  out += '\n';
}

void append_advice(std::string& out, std::string_view advice) {
  if (!advice.empty()) {
    out.append(2 + kMarkWidth + 2 + kCheckNameWidth + 2, ' ');
    out += "→ " + terminal_safe(advice) + '\n';
  }
}

void append_kernel(std::string& out, const model::CheckReport& report, const Context& context) {
  out += "kernel\n";
  append_row(out, report.btf_bytes ? Mark::kOk : Mark::kProblem, "BTF",
             report.btf_bytes ? human_bytes(*report.btf_bytes) : "missing", context);
  append_row(out, report.lockdown == "confidentiality" ? Mark::kProblem : Mark::kOk, "lockdown",
             report.lockdown.empty() ? "not in this kernel" : report.lockdown, context);
  for (const model::CheckRow& row : report.rows) {
    append_row(out, row.ok ? Mark::kOk : Mark::kProblem, row.name, row.value, context);
    append_advice(out, row.advice);
  }
}

void append_capabilities(std::string& out, const model::CheckReport& report,
                         const Context& context) {
  if (report.capabilities.empty()) {
    return;
  }
  out += "capabilities\n";
  // One may stand in for another (CAP_SYS_ADMIN for CAP_BPF): only the verdict tells whether a
  // missing one hurts.
  const Mark missing = report.usable ? Mark::kMissing : Mark::kProblem;
  for (const model::Capability& capability : report.capabilities) {
    append_row(out, capability.held ? Mark::kOk : missing, capability.name,
               capability.held ? "held" : "missing", context);
  }
}

void append_hook(std::string& out, const model::HookStatus& hook, const Context& context) {
  const bool attached = !hook.attached.empty();
  const Mark mark = attached ? Mark::kOk : hook.required ? Mark::kProblem : Mark::kMissing;
  append_mark(out, mark, context);
  append_cell(out, terminal_safe(hook.name), kCheckNameWidth);
  append_cell(out, attached && hook.family ? model::attach_family_name(*hook.family) : "none",
              kFamilyWidth);
  if (attached) {
    out += terminal_safe(joined(hook.attached, ", "));
  } else {
    out += "not seen: " + terminal_safe(hook.purpose);
  }
  out += '\n';
  const std::string indent(2 + kMarkWidth + 2 + kCheckNameWidth + 2, ' ');
  for (const model::HookFailure& failure : hook.failures) {
    out += fmt::format("{}not {}: {}\n", indent, terminal_safe(failure.variant),
                       terminal_safe(failure.reason));
  }
  if (attached && !hook.limit.empty()) {
    out += fmt::format("{}limit: {}\n", indent, terminal_safe(hook.limit));
  }
}

}  // namespace

std::string check_text(const model::Hooks& hooks, const model::CheckReport& report,
                       const Context& context) {
  std::string out =
      fmt::format("tcptrace {} on Linux {} {}\n", terminal_safe(hooks.version),
                  terminal_safe(report.kernel_release), terminal_safe(hooks.architecture));
  append_kernel(out, report, context);
  append_capabilities(out, report, context);
  if (!hooks.hooks.empty()) {
    const std::string families = family_counts(hooks);
    out += families.empty() ? "hooks: none attached\n" : fmt::format("hooks: {}\n", families);
    for (const model::HookStatus& hook : hooks.hooks) {
      append_hook(out, hook, context);
    }
  }
  append_colored(out, report.usable ? "usable" : "not usable",
                 report.usable ? Color::kGreen : Color::kRed, context);
  out += report.reason.empty() ? "\n" : fmt::format(": {}\n", terminal_safe(report.reason));
  return out;
}

}  // namespace tcptrace::output
