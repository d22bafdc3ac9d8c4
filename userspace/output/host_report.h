// SPDX-License-Identifier: GPL-2.0
// A report of one or more runs: as JSON, for a terminal, and as a page that needs nothing but a
// browser. Value in, text out.
#pragma once

#include <string>

#include "model/host_report.h"
#include "output/context.h"

namespace tcptrace::output {

// One object, schema 1, '\n' included. Of the context only what it says of the time zone matters to
// any of them: a report names its hosts itself.
[[nodiscard]] std::string host_report_json(const model::HostReport& report);
[[nodiscard]] std::string host_report_text(const model::HostReport& report, const Context& context);
[[nodiscard]] std::string host_report_html(const model::HostReport& report, const Context& context);

}  // namespace tcptrace::output
