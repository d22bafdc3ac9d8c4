// SPDX-License-Identifier: GPL-2.0
// A change of an alert as one JSON line, and what of an alert a reading repeats.
#include "output/monitor_record.h"

namespace tcptrace::output {

void write_alert(JsonWriter& json, const model::Alert& alert, const Context& context) {
  json.word<"name">(model::alert_kind_name(alert.kind));
  json.word<"state">(model::alert_state_name(alert.state));
  json.word<"level">(model::alert_level_name(alert.level));
  json.string<"subject">(alert.subject);
  json.real<"value">(alert.value);
  json.real<"threshold">(alert.threshold);
  json.real<"critical">(alert.critical);
  json.real<"peak">(alert.peak);
  json.word<"unit">(model::alert_unit(alert.kind));
  write_time<"since">(json, alert.since, context);
}

std::string alert_json(const model::Alert& alert, const Context& context) {
  std::string out;
  JsonWriter json(out);
  write_head(json, "alert", alert.boot_time, context);
  write_alert(json, alert, context);
  json.close_object();
  json.end_line();
  return out;
}

}  // namespace tcptrace::output
