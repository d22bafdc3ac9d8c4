// SPDX-License-Identifier: GPL-2.0
// What `tcptrace serve` prints: where it listens, how it goes, and the totals.
#pragma once

#include <chrono>
#include <string>

#include "model/serve.h"
#include "output/context.h"

namespace tcptrace::output {

// "listening on [::]:8080 (IPv6 and IPv4)", an address each; '\n' included, as in all of these.
[[nodiscard]] std::string serve_start_text(const model::ServeStart& start);
[[nodiscard]] std::string serve_report_text(const model::ServeReport& report);
// What has changed between two looks at the counters.
[[nodiscard]] std::string serve_rates_text(const model::ServeCounts& before,
                                           const model::ServeCounts& after,
                                           std::chrono::nanoseconds between,
                                           std::chrono::nanoseconds since_start);

// {"schema":1,"type":"serve_start",…} and {"schema":1,"type":"serve",…}
[[nodiscard]] std::string serve_start_json(const model::ServeStart& start, const Context& context);
[[nodiscard]] std::string serve_report_json(const model::ServeReport& report,
                                            const Context& context);

}  // namespace tcptrace::output
