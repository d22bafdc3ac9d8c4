// SPDX-License-Identifier: GPL-2.0
#include "model/tune.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace tcptrace::model {

std::string evidence_text(const TuneProposal& proposal) {
  return proposal.evidence.empty() ? "no evidence; general advice"
                                   : fmt::format("{}", fmt::join(proposal.evidence, "; "));
}

bool TuneOutcome::failed() const {
  return !problem.empty() || std::ranges::any_of(settings, [](const SettingChange& change) {
    return change.outcome == SettingOutcome::kRefused || change.outcome == SettingOutcome::kNotBack;
  });
}

}  // namespace tcptrace::model
