// SPDX-License-Identifier: GPL-2.0
// Words that text.cpp, the summary and `check` share about a run. Private to output/.
#pragma once

#include <string>

#include "model/report.h"

namespace tcptrace::output {

// "12: ring buffer full 10, undecodable 2"; "nothing".
void append_loss_words(std::string& out, const model::LossCounts& counts);

// "8 fentry, 1 tp"
[[nodiscard]] std::string family_counts(const model::Hooks& hooks);

// "a, b, c"
[[nodiscard]] std::string joined(const std::vector<std::string>& parts, std::string_view separator);

}  // namespace tcptrace::output
