// SPDX-License-Identifier: GPL-2.0
// The names of host_report.h's values: stable, they are printed.
#include "model/host_report.h"

namespace tcptrace::model {

std::string_view report_source_name(ReportSourceKind kind) {
  switch (kind) {
    case ReportSourceKind::kLive:
      return "live";
    case ReportSourceKind::kRecording:
      return "recording";
    case ReportSourceKind::kJson:
      return "json";
  }
  return "unknown";
}

std::string_view report_level_name(ReportLevel level) {
  switch (level) {
    case ReportLevel::kInfo:
      return "info";
    case ReportLevel::kWarning:
      return "warning";
    case ReportLevel::kCritical:
      return "critical";
  }
  return "unknown";
}

}  // namespace tcptrace::model
