// SPDX-License-Identifier: GPL-2.0
// The start of a run for people: what is traced, by what, and what will not be seen.
#include <array>
#include <map>

#include "base/text.h"
#include "output/text.h"
#include "output/text_cell.h"
#include "output/text_report.h"

namespace tcptrace::output {
namespace {

std::string selection_words(const model::EventSelection& selection) {
  std::string out;
  Clauses clauses(out);
  const auto add = [&](bool selected, std::string_view what) {
    if (selected) {
      clauses.add("{}", what);
    }
  };
  add(selection.reset, "resets");
  add(selection.retransmit, "retransmissions");
  add(selection.failure, "failures");
  add(selection.accept, "accepts");
  add(selection.connect, "connects");
  add(selection.close, "closes");
  add(selection.state, "state changes");
  return out;
}

std::size_t attached_count(const model::Hooks& hooks) {
  std::size_t count = 0;
  for (const model::HookStatus& hook : hooks.hooks) {
    count += hook.attached.empty() ? 0 : 1;
  }
  return count;
}

std::string purpose_of(const model::HookStatus& hook) {
  return terminal_safe(hook.purpose.empty() ? hook.name : hook.purpose);
}

void append_hook(std::string& out, const model::HookStatus& hook) {
  fmt::format_to(
      std::back_inserter(out), "  {}: {}\n", terminal_safe(hook.name),
      hook.attached.empty() ? "not attached" : terminal_safe(joined(hook.attached, ", ")));
  for (const model::HookFailure& failure : hook.failures) {
    fmt::format_to(std::back_inserter(out), "    not {}: {}\n", terminal_safe(failure.variant),
                   terminal_safe(failure.reason));
  }
}

}  // namespace

std::string joined(const std::vector<std::string>& parts, std::string_view separator) {
  return fmt::format("{}", fmt::join(parts, separator));
}

std::string family_counts(const model::Hooks& hooks) {
  std::map<model::AttachFamily, std::size_t> counts;
  for (const model::HookStatus& hook : hooks.hooks) {
    if (hook.family.has_value() && !hook.attached.empty()) {
      ++counts[*hook.family];
    }
  }
  std::string out;
  Clauses clauses(out);
  for (const auto& [family, count] : counts) {
    clauses.add("{} {}", count, model::attach_family_name(family));
  }
  return out;
}

std::string hooks_text(const model::Hooks& hooks, const model::EventSelection& selection,
                       const Context& context) {
  const std::size_t attached = attached_count(hooks);
  const std::string families = family_counts(hooks);
  std::string out = fmt::format("tracing {} · {} hook{} attached{}{}{} · Linux {} {}\n",
                                selection_words(selection), attached, attached == 1 ? "" : "s",
                                families.empty() ? "" : " (", families, families.empty() ? "" : ")",
                                terminal_safe(hooks.kernel), terminal_safe(hooks.architecture));
  std::vector<std::string> missing;
  std::vector<std::string> limits;
  for (const model::HookStatus& hook : hooks.hooks) {
    if (hook.attached.empty()) {
      missing.push_back(purpose_of(hook));
    } else if (!hook.limit.empty()) {
      limits.push_back(terminal_safe(hook.limit));
    }
  }
  if (!missing.empty()) {
    append_colored(out, "not seen: " + joined(missing, "; "), Color::kYellow, context);
    out += '\n';
  }
  if (!limits.empty()) {
    out += "seen in part: " + joined(limits, "; ") + '\n';
  }
  if (hooks.polling && !hooks.polling->setback.empty()) {
    out += "polled by netlink: " + terminal_safe(hooks.polling->setback) + '\n';
  }
  if (context.verbose) {
    for (const model::HookStatus& hook : hooks.hooks) {
      append_hook(out, hook);
    }
  }
  return out;
}

}  // namespace tcptrace::output
