// SPDX-License-Identifier: GPL-2.0
// What `tcptrace probe` prints of each attempt, and in the end.
#pragma once

#include <string>
#include <vector>

#include "model/probe.h"
#include "output/context.h"

namespace tcptrace::output {

// Where the time of an attempt went, or why it failed: a sentence each, none where there is
// nothing to explain.
[[nodiscard]] std::vector<std::string> explain(const model::ProbeAttempt& attempt,
                                               const model::ProbeHost& host);

// Whole lines, as are all of these.
[[nodiscard]] std::string probe_text(const model::ProbeAttempt& attempt,
                                     const model::ProbeHost& host, const Context& context);
[[nodiscard]] std::string probe_summary_text(const model::ProbeSummary& summary);

// {"schema":1,"type":"probe",…} and {"schema":1,"type":"probe_summary",…}
[[nodiscard]] std::string probe_json(const model::ProbeAttempt& attempt,
                                     const model::ProbeHost& host, const Context& context);
[[nodiscard]] std::string probe_summary_json(const model::ProbeSummary& summary,
                                             const Context& context);

}  // namespace tcptrace::output
