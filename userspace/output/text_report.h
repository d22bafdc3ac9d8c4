// SPDX-License-Identifier: GPL-2.0
// Words that text.cpp, the summary and `check` share about a run. Private to output/.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/patterns.h"
#include "model/report.h"
#include "output/context.h"

namespace tcptrace::output {

// "12: ring buffer full 10, undecodable 2"; "nothing".
void append_loss_words(std::string& out, const model::LossCounts& counts);

// "8 fentry, 1 tp"
[[nodiscard]] std::string family_counts(const model::Hooks& hooks);

// "a, b, c"
[[nodiscard]] std::string joined(const std::vector<std::string>& parts, std::string_view separator);

// The kernel's own counters beside what was seen; nothing where there are none.
void append_coverage(std::string& out, std::span<const model::NetnsCoverage> namespaces,
                     const Context& context);

inline constexpr std::size_t kCauseWidth = 24;
inline constexpr std::size_t kPartyWidth = 24;

// "10.0.0.9 port 5432"
[[nodiscard]] std::string party_text(const model::Party& party);
// The name of its process; "-": not known.
[[nodiscard]] std::string party_comm(const model::Party& party);

// Idle timeouts, retry storms and churn, a line each; no more than `most` of each kind.
void append_pattern_lines(std::string& out, const model::Patterns& patterns, std::size_t most);

// The causes and what they have in common; nothing where there was no verdict.
void append_patterns(std::string& out, const model::Patterns& patterns, const Context& context);

}  // namespace tcptrace::output
