// SPDX-License-Identifier: GPL-2.0
// The lines that tcptrace has printed as JSON, back into records. Their times are wall times.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <variant>

#include "model/host_report.h"
#include "model/record.h"
#include "report/monitor_line.h"

namespace tcptrace::report {

class JsonLines {
 public:
  // Nothing: a record that a report has no use for.
  using Content = std::variant<std::monostate, model::Event, model::Hooks, model::Lost,
                               model::Summary, model::ReportAlert, MonitorLine>;
  struct Line {
    std::string host{};  // empty: it does not say
    Content content{};
  };

  // Empty: not a record of schema 1, or damaged.
  [[nodiscard]] std::optional<Line> parse(std::string_view line);

 private:
  // Texts that records point to, as long as this lives: no more of them than there is advice, and
  // none that is longer than kLongestText.
  static constexpr std::size_t kMostTexts = 1024;
  [[nodiscard]] std::string_view keep(std::string_view text);

  std::set<std::string, std::less<>> texts_;
};

}  // namespace tcptrace::report
