// SPDX-License-Identifier: GPL-2.0
#include "report/json_lines.h"

#include <utility>

#include "report/json_event.h"
#include "report/json_run.h"
#include "report/json_values.h"

namespace tcptrace::report {

std::string_view JsonLines::keep(std::string_view text) {
  const auto found = texts_.find(text);
  if (found != texts_.end()) {
    return *found;
  }
  return texts_.size() < kMostTexts ? *texts_.emplace(text).first : std::string_view();
}

std::optional<JsonLines::Line> JsonLines::parse(std::string_view line) {
  const Json record = Json::parse(line, nullptr, false);
  const std::string_view type = text(record, "type");
  if (number<int>(record, "schema") != 1 || type.empty()) {
    return std::nullopt;
  }
  Line parsed{.host = host_of(record)};
  const auto take = [&parsed](auto content) -> std::optional<Line> {
    if (!content) {
      return std::nullopt;
    }
    parsed.content = *std::move(content);
    return std::move(parsed);
  };
  if (record.contains("connection") && type != "sample") {
    return take(event_of(record, [this](std::string_view advice) { return keep(advice); }));
  }
  if (type == "hooks") {
    return take(hooks_of(record));
  }
  if (type == "lost") {
    return take(lost_of(record));
  }
  if (type == "summary") {
    return take(summary_of(record));
  }
  if (type == "alert") {
    return take(alert_of(record));
  }
  if (type == "monitor") {
    return take(monitor_of(record));
  }
  return parsed;
}

}  // namespace tcptrace::report
