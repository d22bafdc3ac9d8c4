// SPDX-License-Identifier: GPL-2.0
#include "cli/report.h"

#include <unistd.h>

#include <cstdio>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/core.h>

#include "base/clock.h"
#include "base/text.h"
#include "cli/replay.h"
#include "cli/report_fold.h"
#include "cli/report_host.h"
#include "cli/run_context.h"
#include "cli/trace.h"
#include "cli/version.h"
#include "host/boot_clock.h"
#include "output/host_report.h"
#include "sink/fd_sink.h"
#include "sink/whole_file.h"

namespace tcptrace::cli {
namespace {

class ReportRun {
 public:
  explicit ReportRun(const ReportOptions& options) : options_(options) {}

  Result<void> run();

 private:
  [[nodiscard]] Result<void> check_output() const;
  [[nodiscard]] Result<void> fold_file(const std::string& path);
  [[nodiscard]] Result<void> fold_live();
  [[nodiscard]] std::string render() const;
  [[nodiscard]] Result<void> write(std::string_view text) const;

  const ReportOptions& options_;
  report::JsonLines lines_;
  report::ReportBuilder builder_;
};

// Before anything is read or traced: it may take an hour.
Result<void> ReportRun::check_output() const {
  if (options_.output) {
    for (const std::string& path : options_.files) {
      if (auto kept = check_keeps(path, *options_.output); !kept) {
        return kept;
      }
    }
    return sink::check_whole_file(*options_.output);
  }
  if (options_.format == ReportFormat::kHtml && ::isatty(STDOUT_FILENO) == 1) {
    return std::unexpected(usage_error("a page of HTML is not for a terminal",
                                       "give --output FILE, or --text, or --json"));
  }
  return {};
}

Result<void> ReportRun::fold_file(const std::string& path) {
  const std::string name = recording_name(path);
  auto file = open_recording(path);
  if (!file) {
    return std::unexpected(file.error());
  }
  const auto first = file->first_byte();
  if (!first) {
    Error error = first.error();
    return std::unexpected(error.within(name));
  }
  if (!*first) {
    return std::unexpected(usage_error(name + " is empty"));
  }
  if (*first == std::byte{'{'}) {
    return fold_json(builder_, lines_, std::move(*file), name,
                     {.filter = options_.live.filter, .cgroups = options_.cgroups});
  }
  ReplayOptions options;
  options.filter = options_.live.filter;
  options.recording = path;
  options.cgroups = options_.cgroups;
  return replay(options, std::move(*file),
                folded_records(builder_, model::ReportSourceKind::kRecording, name));
}

Result<void> ReportRun::fold_live() {
  model::HostFacts before = facts_before(options_.live.filter);
  auto traced =
      trace_into(options_.live, folded_records(builder_, model::ReportSourceKind::kLive, {}));
  if (traced) {
    fold_host(builder_, options_.live.filter, std::move(before));
  }
  return traced;
}

std::string ReportRun::render() const {
  model::HostReport report = builder_.report();
  report.made = boot_time() + host::boot_to_wall();
  report.version = version();
  const output::Context context =
      make_context(options_.output ? -1 : STDOUT_FILENO, options_.format == ReportFormat::kJson,
                   options_.color, false);
  switch (options_.format) {
    case ReportFormat::kHtml:
      return output::host_report_html(report, context);
    case ReportFormat::kText:
      return output::host_report_text(report, context);
    case ReportFormat::kJson:
      return output::host_report_json(report);
  }
  return {};
}

Result<void> ReportRun::write(std::string_view text) const {
  if (!options_.output) {
    auto out = sink::open_stdout(-1);
    return out ? sink::write_out(**out, text) : std::unexpected(out.error());
  }
  auto written = sink::write_whole_file(*options_.output, text);
  if (written) {
    std::fputs(fmt::format("tcptrace: wrote {}, {}\n", terminal_safe(*options_.output),
                           human_bytes(text.size()))
                   .c_str(),
               stderr);
  }
  return written;
}

Result<void> ReportRun::run() {
  if (auto checked = check_output(); !checked) {
    return checked;
  }
  for (const std::string& path : options_.files) {
    if (auto folded = fold_file(path); !folded) {
      return folded;
    }
  }
  if (options_.files.empty()) {
    if (auto folded = fold_live(); !folded) {
      return folded;
    }
  }
  return write(render());
}

}  // namespace

Result<void> run_report(const ReportOptions& options) { return ReportRun(options).run(); }

}  // namespace tcptrace::cli
