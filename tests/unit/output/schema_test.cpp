// SPDX-License-Identifier: GPL-2.0
// Every rendered record is valid, the schema is strict, and it documents nothing that is never
// written.
#include "support/schema.h"

#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "all_samples.h"
#include "golden.h"
#include "output/analysis.h"
#include "output/check.h"
#include "output/host_report.h"
#include "output/json.h"
#include "output/load.h"
#include "output/monitor.h"
#include "output/pools.h"
#include "output/probe.h"
#include "output/serve.h"
#include "output/socket.h"
#include "output/tune.h"
#include "support/analysis_sample.h"
#include "support/load_sample.h"
#include "support/monitor_sample.h"
#include "support/pool_samples.h"
#include "support/probe_samples.h"
#include "support/report_sample.h"
#include "support/tune_sample.h"

namespace tcptrace::output {
namespace {

using nlohmann::json;
using samples::line_of;

std::string check_line() {
  return check_json(samples::hooks(), samples::check_report(), samples::context());
}

std::vector<std::string> serve_and_probe_lines() {
  const Context context = samples::context();
  return {serve_start_json(samples::serve_start(), context),
          serve_report_json(samples::serve_report(), context),
          probe_json(samples::slow_probe(), samples::probe_host(), context),
          probe_json(samples::reset_probe(), samples::probe_host(), context),
          probe_json(samples::unresolved_probe(), samples::probe_host(), context),
          probe_summary_json(samples::probe_summary(), context)};
}

// The lines of both, each a record.
std::vector<std::string> pool_lines() {
  std::istringstream text(pools_json(samples::pool_report(), samples::context()) +
                          pools_json(samples::untraced_pool_report(), samples::context()));
  std::vector<std::string> lines;
  for (std::string line; std::getline(text, line);) {
    lines.push_back(line);
  }
  return lines;
}

std::vector<std::string> tune_lines() {
  const Context context = samples::context();
  return {tune_json(samples::tune_plan(), context), tune_json(samples::tune_applied(), context),
          tune_json(samples::tune_restored(), context)};
}

std::string stress_line() {
  Context context = samples::context();
  context.verbose = true;
  return load_json(samples::load_report(), context);
}

std::vector<std::string> monitor_lines() {
  const Context context = samples::context();
  std::vector<std::string> lines = {monitor_json(samples::monitor_reading(), context),
                                    monitor_json(samples::first_monitor_reading(), context),
                                    alert_json(samples::alert(), context)};
  model::MonitorReading every_state = samples::monitor_reading();
  every_state.walk->census.states.fill(1);
  every_state.walk->census.states.at(static_cast<std::size_t>(model::TcpState::kNewSynRecv)) = 0;
  lines.push_back(monitor_json(every_state, context));
  return lines;
}

// Of the subcommands that look at a whole host.
std::vector<std::string> host_lines() {
  std::vector<std::string> all = {host_report_json(samples::host_report()),
                                  analysis_json(samples::analysis(), samples::context())};
  for (const auto& lines : {pool_lines(), monitor_lines(), tune_lines()}) {
    all.insert(all.end(), lines.begin(), lines.end());
  }
  return all;
}

TEST(Schema, EverySampleIsValid) {
  for (const model::Record& record : samples::all_records()) {
    EXPECT_EQ("", test::validate(line_of(record)));
  }
  for (const model::Socket& socket : samples::all_sockets()) {
    EXPECT_EQ("", test::validate(line_of(socket)));
  }
  EXPECT_EQ("", test::validate(check_line()));
  for (const std::string& line : host_lines()) {
    EXPECT_EQ("", test::validate(line));
  }
}

TEST(Schema, ExtremeValuesAreValid) {
  using model::EventKind;
  for (const EventKind kind :
       {EventKind::kState, EventKind::kConnect, EventKind::kAccept, EventKind::kClose,
        EventKind::kRetransmit, EventKind::kResetSent, EventKind::kResetReceived}) {
    EXPECT_EQ("", test::validate(line_of(samples::extreme_end(kind))));
  }
  EXPECT_EQ("", test::validate(line_of(samples::extreme_summary())));
  EXPECT_EQ("", test::validate(line_of(samples::extreme_socket())));
}

TEST(Schema, EmptyRecordsAreValid) {
  EXPECT_EQ("", test::validate(line_of(model::Hooks{})));
  EXPECT_EQ("", test::validate(line_of(model::Summary{})));
  EXPECT_EQ("", test::validate(check_json({}, {}, {})));
  model::HostReport report;
  report.made = std::chrono::seconds(1);
  EXPECT_EQ("", test::validate(host_report_json(report)));
  model::Event event = samples::state_change();
  event.owner.reset();
  EXPECT_EQ("", test::validate(line_of(event)));
}

TEST(Schema, EveryEnumValueThatIsWrittenIsKnown) {
  for (std::uint8_t number = 0; number <= 12; ++number) {
    model::Event event = samples::reset_sent();
    event.connection.state = event.connection.old_state = static_cast<model::TcpState>(number);
    event.connection.role = static_cast<model::Role>(number % 4);
    event.owner->source = static_cast<model::OwnerSource>(number % 7);
    event.origin = static_cast<model::ResetOrigin>(number % 4);
    event.info->ca_state = event.info->pending = event.info->shutdown = number;
    EXPECT_EQ("", test::validate(line_of(event)));
    event = samples::retransmit();
    event.retransmit_type = static_cast<model::RetransmitType>(number % 7);
    event.tcp_flags = static_cast<std::uint8_t>(1U << (number % 8));
    EXPECT_EQ("", test::validate(line_of(event)));
    model::Socket socket = samples::socket();
    socket.connection.state = static_cast<model::TcpState>(number);
    socket.timer = static_cast<model::SocketTimer>(number % 5);
    socket.source = static_cast<model::SocketSource>(number % 2);
    EXPECT_EQ("", test::validate(line_of(socket)));
  }
}

TEST(Schema, RefusesWhatItDoesNotKnow) {
  const json valid = json::parse(line_of(samples::reset_sent()));
  const auto refused = [](const json& record) { return !test::validate(record.dump()).empty(); };
  EXPECT_FALSE(refused(valid));
  for (const char* object : {"connection", "process", "reset", "tcp_info"}) {
    json record = valid;
    record[object]["surprise"] = 1;
    EXPECT_TRUE(refused(record)) << object;
  }
  json record = valid;
  record["surprise"] = 1;
  EXPECT_TRUE(refused(record));
  record = valid;
  record["retransmit"] = json::parse(line_of(samples::retransmit()))["retransmit"];
  EXPECT_TRUE(refused(record)) << "a reset has no retransmit";
  record = valid;
  record["type"] = "surprise";
  EXPECT_TRUE(refused(record));
  record = valid;
  record["schema"] = 2;
  EXPECT_TRUE(refused(record));
  record = valid;
  record["connection"]["state"] = nullptr;
  EXPECT_TRUE(refused(record)) << "absent rather than null";
  record = valid;
  record["connection"]["local_port"] = 65536;
  EXPECT_TRUE(refused(record));
  record = valid;
  record["time"] = "2026-11-21 01:02:03";
  EXPECT_TRUE(refused(record));
  record = valid;
  record.erase("connection");
  EXPECT_TRUE(refused(record));
  EXPECT_NE("", test::validate("{"));
}

std::string below(const std::string& path, const std::string& key) {
  return path.empty() ? key : fmt::format("{}.{}", path, key);
}

// "connection.local_port", "coverage.counters.kernel": paths without array indices.
void collect_paths(const json& value, const std::string& path, std::set<std::string>& paths) {
  if (value.is_array()) {
    for (const json& element : value) {
      collect_paths(element, path, paths);
    }
  } else if (value.is_object()) {
    for (const auto& [key, member] : value.items()) {
      const std::string member_path = below(path, key);
      paths.insert(member_path);
      collect_paths(member, member_path, paths);
    }
  }
}

void collect_documented(const json& schema, const json& root, const std::string& path,
                        std::set<std::string>& paths) {
  if (schema.contains("$ref")) {
    const json::json_pointer target(schema["$ref"].get<std::string>().substr(1));
    return collect_documented(root.at(target), root, path, paths);
  }
  if (schema.contains("items")) {
    return collect_documented(schema["items"], root, path, paths);
  }
  if (!schema.contains("properties")) {
    return;
  }
  for (const auto& [key, member] : schema["properties"].items()) {
    const std::string member_path = below(path, key);
    paths.insert(member_path);
    collect_documented(member, root, member_path, paths);
  }
}

std::vector<std::string> without(const std::set<std::string>& these,
                                 const std::set<std::string>& those) {
  std::vector<std::string> left;
  std::set_difference(these.begin(), these.end(), those.begin(), those.end(),
                      std::back_inserter(left));
  return left;
}

TEST(Schema, DocumentsExactlyWhatIsWritten) {
  std::ifstream file(TCPTRACE_SCHEMA);
  const json schema = json::parse(file);
  std::set<std::string> documented;
  for (const auto& [name, definition] : schema["definitions"].items()) {
    if (name.starts_with("record_")) {
      collect_documented(definition, schema, "", documented);
    }
  }
  std::vector<model::Record> records = samples::all_records();
  for (const auto kind : {model::EventKind::kConnect, model::EventKind::kClose,
                          model::EventKind::kRetransmit, model::EventKind::kResetReceived}) {
    records.emplace_back(samples::extreme_end(kind));
  }
  std::set<std::string> written;
  for (const model::Record& record : records) {
    collect_paths(json::parse(line_of(record)), "", written);
  }
  for (const model::Socket& socket : samples::all_sockets()) {
    collect_paths(json::parse(line_of(socket)), "", written);
  }
  collect_paths(json::parse(check_line()), "", written);
  for (const std::string& line : serve_and_probe_lines()) {
    collect_paths(json::parse(line), "", written);
  }
  collect_paths(json::parse(stress_line()), "", written);
  for (const std::string& line : host_lines()) {
    collect_paths(json::parse(line), "", written);
  }
  EXPECT_THAT(without(documented, written), ::testing::IsEmpty()) << "documented, never written";
  EXPECT_THAT(without(written, documented), ::testing::IsEmpty()) << "written, not documented";
}

TEST(Golden, Json) {
  std::string lines;
  for (const model::Record& record : samples::all_records()) {
    append_json(lines, record, samples::context());
  }
  for (const model::Socket& socket : samples::all_sockets()) {
    lines += line_of(socket);
  }
  lines += check_line();
  test::expect_golden("records.jsonl", lines);
}

}  // namespace
}  // namespace tcptrace::output
