// SPDX-License-Identifier: GPL-2.0
// What a report is made from, file by file: records of a run, live or recorded, and lines of JSON.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "cli/record_output.h"
#include "model/filter.h"
#include "report/json_lines.h"
#include "report/report_builder.h"
#include "sink/file_source.h"

namespace tcptrace::cli {

// Folds what it is given into `builder`, which outlives it, as a new source.
[[nodiscard]] OpenRecords folded_records(report::ReportBuilder& builder,
                                         model::ReportSourceKind kind, const std::string& name);

// Which events of a file of JSON Lines are asked for.
struct JsonFilter {
  model::Filter filter{};
  std::vector<std::string> cgroups{};  // paths: with everything below them
};

// Folds a file of JSON Lines likewise. `lines` outlives the report: it has texts that the report
// points to. What cannot be read is said on stderr and in the report; a file that does not begin
// with a record is bad input.
[[nodiscard]] Result<void> fold_json(report::ReportBuilder& builder, report::JsonLines& lines,
                                     sink::FileSource file, const std::string& name,
                                     const JsonFilter& filter);

}  // namespace tcptrace::cli
