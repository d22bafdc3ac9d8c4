// SPDX-License-Identifier: GPL-2.0
#include "model/record.h"

namespace tcptrace::model {

std::string_view drill_outcome_name(DrillOutcome outcome) {
  switch (outcome) {
    case DrillOutcome::kRight:
      return "right";
    case DrillOutcome::kOpen:
      return "open";
    case DrillOutcome::kWrong:
      return "wrong";
  }
  return {};
}

}  // namespace tcptrace::model
