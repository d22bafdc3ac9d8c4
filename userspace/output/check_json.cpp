// SPDX-License-Identifier: GPL-2.0
// `check` as one JSON line.
#include "output/check.h"
#include "output/json_record.h"

namespace tcptrace::output {
namespace {

void write_capabilities(JsonWriter& json, const model::CheckReport& report) {
  json.array<"capabilities">();
  for (const model::Capability& capability : report.capabilities) {
    json.open_object();
    json.string<"name">(capability.name);
    json.boolean<"held">(capability.held);
    json.close_object();
  }
  json.close_array();
}

void write_facts(JsonWriter& json, const model::CheckReport& report) {
  json.array<"facts">();
  for (const model::CheckRow& row : report.rows) {
    json.open_object();
    json.string<"name">(row.name);
    json.string<"value">(row.value);
    json.boolean<"ok">(row.ok);
    json.string_unless_empty<"advice">(row.advice);
    json.close_object();
  }
  json.close_array();
}

}  // namespace

std::string check_json(const model::Hooks& hooks, const model::CheckReport& report,
                       const Context& context) {
  std::string out;
  JsonWriter json(out);
  write_head(json, "check", hooks.boot_time, context);
  json.string_unless_empty<"version">(hooks.version);
  json.string_unless_empty<"kernel">(report.kernel_release);
  json.string_unless_empty<"arch">(hooks.architecture);
  json.boolean<"usable">(report.usable);
  json.string_unless_empty<"reason">(report.reason);
  if (report.btf_bytes.has_value()) {
    json.number<"btf_bytes">(*report.btf_bytes);
  }
  json.string_unless_empty<"lockdown">(report.lockdown);
  write_capabilities(json, report);
  write_facts(json, report);
  write_hook_list(json, hooks.hooks);
  json.close_object();
  json.end_line();
  return out;
}

}  // namespace tcptrace::output
