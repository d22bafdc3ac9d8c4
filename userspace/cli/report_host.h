// SPDX-License-Identifier: GPL-2.0
// What a report of a live trace says of the host itself: its settings, and what `tcptrace analyze`
// finds at the end of the run, of what has happened during it.
#pragma once

#include "model/filter.h"
#include "model/host_facts.h"
#include "report/report_builder.h"

namespace tcptrace::cli {

// Before the run. Of the network namespaces that the filter asks for; without one, of all.
[[nodiscard]] model::HostFacts facts_before(const model::Filter& filter);

// After it. Settings are those of the namespaces asked for; without one, of this process's own.
void fold_host(report::ReportBuilder& builder, const model::Filter& filter,
               model::HostFacts before);

}  // namespace tcptrace::cli
