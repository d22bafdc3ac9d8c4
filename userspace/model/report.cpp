// SPDX-License-Identifier: GPL-2.0
// The names of report.h's values: stable, they are printed.
#include "model/report.h"

namespace tcptrace::model {

std::string_view attach_family_name(AttachFamily family) {
  switch (family) {
    case AttachFamily::kFentry:
      return "fentry";
    case AttachFamily::kTracepoint:
      return "tp";
    case AttachFamily::kKprobe:
      return "kprobe";
  }
  return "unknown";
}

}  // namespace tcptrace::model
