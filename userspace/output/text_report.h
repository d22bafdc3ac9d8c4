// SPDX-License-Identifier: GPL-2.0
// Words that text.cpp, the summary and `check` share about a run. Private to output/.
#pragma once

#include <string>

#include "model/report.h"
#include "output/context.h"

namespace tcptrace::output {

// "12: ring buffer full 10, undecodable 2"; "nothing".
void append_loss_words(std::string& out, const model::LossCounts& counts);

// "8 fentry, 1 tp"
[[nodiscard]] std::string family_counts(const model::Hooks& hooks);

// "a, b, c"
[[nodiscard]] std::string joined(const std::vector<std::string>& parts, std::string_view separator);

// The causes and what they have in common; nothing where there was no verdict.
void append_patterns(std::string& out, const model::Patterns& patterns, const Context& context);

}  // namespace tcptrace::output
