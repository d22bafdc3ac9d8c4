// SPDX-License-Identifier: GPL-2.0
// What output/ writes, read again.
#include "report/json_lines.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "model/ca_state.h"
#include "output/json.h"
#include "report/json_values.h"
#include "support/samples.h"

namespace tcptrace::report {
namespace {

using std::chrono::nanoseconds;
using namespace std::chrono_literals;

std::string line_of(const model::Record& record) {
  std::string out;
  output::append_json(out, record, samples::context());
  out.pop_back();
  return out;
}

template <typename T>
T read(JsonLines& lines, const std::string& line) {
  auto parsed = lines.parse(line);
  if (!parsed || !std::holds_alternative<T>(parsed->content)) {
    ADD_FAILURE() << line;
    return {};
  }
  return std::get<T>(parsed->content);
}

// A record that is written again as it was read has lost nothing that a report asks of it.
TEST(JsonLines, AnEventComesBackAsItWas) {
  for (const model::Event& event :
       {samples::reset_sent(), samples::reset_from_this_host(), samples::retransmit(),
        samples::reset_of_a_crossed_request(), samples::connect_failed(), samples::state_change(),
        samples::connection_died(), samples::reset_by_another_task(),
        samples::reset_without_socket(), samples::event(model::EventKind::kAccept)}) {
    JsonLines lines;
    const auto back = read<model::Event>(lines, line_of(event));
    EXPECT_EQ(back.kind, event.kind);
    EXPECT_EQ(back.boot_time, event.boot_time + samples::context().boot_to_wall);
    EXPECT_TRUE(same_ends(back.connection, event.connection));
    EXPECT_EQ(back.connection.cookie, event.connection.cookie);
    EXPECT_EQ(back.connection.role, event.connection.role);
    EXPECT_EQ(back.connection.state, event.connection.state);
    EXPECT_EQ(back.connection.age, event.connection.age);
    EXPECT_EQ(back.err, event.err);
    EXPECT_EQ(back.segs, event.segs);
    EXPECT_EQ(back.retransmit_type, event.retransmit_type);
    EXPECT_EQ(party_of(back), party_of(event));
    EXPECT_EQ(idle_before_end(back), idle_before_end(event));
    EXPECT_EQ(back.verdict.has_value(), event.verdict.has_value());
    if (event.verdict) {
      EXPECT_EQ(back.verdict->cause, event.verdict->cause);
      EXPECT_EQ(back.verdict->confidence, event.verdict->confidence);
      EXPECT_EQ(back.verdict->advice, event.verdict->advice);
      EXPECT_EQ(back.verdict->evidence, event.verdict->evidence);
    }
  }
}

TEST(JsonLines, AHistoryComesBack) {
  JsonLines lines;
  const model::Event event = samples::connection_died();
  const auto back = read<model::Event>(lines, line_of(event));
  ASSERT_EQ(back.history.size(), event.history.size());
  for (std::size_t i = 0; i < event.history.size(); ++i) {
    model::Sample expected = event.history[i];
    expected.boot_time += samples::context().boot_to_wall;
    // It is told in whole milliseconds.
    EXPECT_LT(std::chrono::abs(back.history[i].boot_time - expected.boot_time), 1ms);
    expected.boot_time = back.history[i].boot_time;
    EXPECT_EQ(back.history[i], expected);
  }
}

TEST(JsonLines, AnEchoIsKnownByItsEvidence) {
  JsonLines lines;
  model::Event event = samples::reset_of_a_crossed_request();
  event.verdict->evidence = {"earlier_cause=keepalive_race"};
  EXPECT_TRUE(is_echo(read<model::Event>(lines, line_of(event))));
  event.verdict->evidence = {"earlier_cause=process_exit"};
  EXPECT_FALSE(is_echo(read<model::Event>(lines, line_of(event))));
}

TEST(JsonLines, ARunComesBack) {
  JsonLines lines;
  const auto hooks = read<model::Hooks>(lines, line_of(samples::hooks()));
  EXPECT_EQ(hooks.kernel, samples::hooks().kernel);
  ASSERT_EQ(hooks.hooks.size(), samples::hooks().hooks.size());
  EXPECT_EQ(hooks.hooks.front().family, samples::hooks().hooks.front().family);
  EXPECT_EQ(hooks.hooks[1].failures.size(), 1U);
  ASSERT_TRUE(hooks.polling);
  EXPECT_EQ(hooks.polling->interval, 1s);
  const auto lost = read<model::Lost>(lines, line_of(samples::lost()));
  EXPECT_EQ(lost.counts, samples::lost().counts);
  const auto summary = read<model::Summary>(lines, line_of(samples::summary()));
  EXPECT_EQ(summary.duration, samples::summary().duration);
  EXPECT_EQ(summary.lost, samples::summary().lost);
  ASSERT_EQ(summary.coverage.size(), 2U);
  EXPECT_EQ(summary.coverage.front().rows[2].traced, 1240U);
  EXPECT_FALSE(summary.coverage.front().rows[3].traced);
}

TEST(JsonLines, AMonitorsReadingAndItsAlerts) {
  JsonLines lines;
  const auto line = read<MonitorLine>(
      lines, R"({"schema":1,"type":"monitor","time":"2026-11-21T01:00:10Z","host":"node-7",)"
             R"("connections":12,"time_wait":6000,"rates":{"connections_per_second":3.5,)"
             R"("retransmit_percent":0.125},"alerts":[{"name":"time_wait","state":"raised",)"
             R"("level":"warning","subject":"host","threshold":5000,"peak":6000,"unit":"sockets",)"
             R"("since":"2026-11-21T01:00:09Z"}]})");
  EXPECT_EQ(line.gauges, (model::GaugeValues{.connections = 12,
                                             .time_wait = 6000,
                                             .connections_per_second = 3.5,
                                             .retransmit_percent = 0.125}));
  ASSERT_EQ(line.alerts.size(), 1U);
  EXPECT_EQ(line.alerts.front().host, "node-7");
  EXPECT_EQ(line.alerts.front().level, model::ReportLevel::kWarning);
  EXPECT_EQ(line.at - line.alerts.front().since, 1s);
  const auto cleared = read<model::ReportAlert>(
      lines, R"({"schema":1,"type":"alert","time":"2026-11-21T01:01:09Z","host":"node-7",)"
             R"("name":"time_wait","state":"cleared","level":"critical","subject":"host",)"
             R"("since":"2026-11-21T01:00:09Z"})");
  ASSERT_TRUE(cleared.cleared);
  EXPECT_EQ(*cleared.cleared - cleared.since, 1min);
  EXPECT_EQ(cleared.level, model::ReportLevel::kCritical);
}

TEST(JsonLines, WhatIsNoRecordIsRefused) {
  JsonLines lines;
  for (const char* line :
       {"", "{", "[]", "1", "null", "\"reset\"", "{}", R"({"schema":2,"type":"reset"})",
        R"({"schema":1})", R"({"schema":"1","type":"reset"})", R"({"schema":1,"type":7})",
        R"({"schema":1,"type":"reset","connection":7})",
        R"({"schema":1,"type":"reset","time":"yesterday","connection":{}})",
        R"({"schema":1,"type":"alert","name":"time_wait"})", R"({"schema":1,"type":"monitor"})"}) {
    EXPECT_FALSE(lines.parse(line)) << line;
  }
  const auto other = lines.parse(R"({"schema":1,"type":"stress"})");
  ASSERT_TRUE(other);
  EXPECT_TRUE(std::holds_alternative<std::monostate>(other->content));
}

// Each value of a record replaced by every kind of value: read, or refused, and never more.
TEST(JsonLines, ValuesOfAnotherTypeDoNoHarm) {
  JsonLines lines;
  const Json values = Json::parse(
      R"([null,true,-1,1e300,18446744073709551615,"","\u0000\uffff",[],[[]],{},{"a":{}}])");
  for (const model::Record& record :
       {model::Record(samples::connection_died()), model::Record(samples::reset_from_this_host()),
        model::Record(samples::summary()), model::Record(samples::hooks())}) {
    const Json whole = Json::parse(line_of(record)).flatten();
    for (const auto& [path, leaf] : whole.items()) {
      for (const Json& value : values) {
        Json changed = Json::parse(line_of(record));
        changed[Json::json_pointer(path)] = value;
        (void)lines.parse(changed.dump(-1, ' ', false, Json::error_handler_t::replace));
      }
    }
  }
  SUCCEED();
}

TEST(JsonLines, TextsThatAreKeptAreBounded) {
  JsonLines lines;
  model::Event event = samples::reset_from_this_host();
  std::string_view last = "not read";
  for (int i = 0; i < 5000; ++i) {
    const std::string advice = "advice " + std::to_string(i);
    event.verdict->advice = advice;
    last = read<model::Event>(lines, line_of(event)).verdict->advice;
  }
  EXPECT_EQ(last, "");
}

TEST(JsonLines, TextsAreCutAtTheirLength) {
  JsonLines lines;
  model::Event event = samples::reset_from_this_host();
  std::string longer = "x";
  while (longer.size() < 2 * kLongestText) {
    longer += "é";
  }
  event.verdict->advice = longer;
  event.verdict->evidence = {longer};
  event.verdict->summary = longer;
  const auto back = read<model::Event>(lines, line_of(event));
  // A character of two bytes is left out whole.
  EXPECT_EQ(back.verdict->advice, std::string_view(longer).substr(0, kLongestText - 1));
  EXPECT_EQ(back.verdict->evidence.front(), back.verdict->advice);
  EXPECT_EQ(back.verdict->summary, back.verdict->advice);
  const std::string host(256, 'h');
  for (const char* type : {"hooks", "stress"}) {
    const auto line =
        lines.parse(R"({"schema":1,"type":")" + std::string(type) + R"(","host":")" + host + "\"}");
    ASSERT_TRUE(line);
    EXPECT_EQ(line->host.size(), 255U);
    if (const auto* hooks = std::get_if<model::Hooks>(&line->content)) {
      EXPECT_EQ(hooks->host, line->host);
    }
  }
}

// A later version may have words that this one does not know.
TEST(JsonLines, AWordThatNobodyKnowsIsNoOtherWord) {
  const auto origin = [](std::string_view word) {
    return from_name<model::ResetOrigin>(word, model::reset_origin_name);
  };
  EXPECT_EQ(origin("netfilter"), model::ResetOrigin::kNetfilter);
  EXPECT_EQ(origin("unknown"), model::ResetOrigin::kUnknown);
  EXPECT_EQ(origin("xdp"), std::nullopt);
  EXPECT_EQ(origin(""), std::nullopt);
  // These have no value for what is not known, and "unknown" is none.
  for (const std::string_view word : {"unknown", "ipv8", ""}) {
    EXPECT_EQ(from_name<model::Family>(word, model::family_name), std::nullopt);
    EXPECT_EQ(from_name<model::SocketSource>(word, model::socket_source_name), std::nullopt);
    EXPECT_EQ(from_name<model::AttachFamily>(word, model::attach_family_name), std::nullopt);
    EXPECT_EQ(from_name<std::uint8_t>(word, model::ca_state_name), std::nullopt);
  }
  EXPECT_EQ(from_name<std::uint8_t>("loss", model::ca_state_name), 4);
}

TEST(JsonLines, WhatHasAnUnknownFamilyOrLevelIsDamaged) {
  JsonLines lines;
  std::string line = line_of(samples::reset_sent());
  EXPECT_TRUE(lines.parse(line));
  line.replace(line.find("\"ipv4\""), 6, "\"ipv8\"");
  EXPECT_FALSE(lines.parse(line));
  EXPECT_FALSE(lines.parse(R"({"schema":1,"type":"alert","time":"2026-11-21T01:01:09Z",)"
                           R"("name":"time_wait","state":"raised","level":"fatal",)"
                           R"("since":"2026-11-21T01:00:09Z"})"));
}

TEST(Rfc3339, Times) {
  EXPECT_EQ(parse_rfc3339("1970-01-01T00:00:00.000000001Z"), 1ns);
  EXPECT_EQ(parse_rfc3339("2026-11-21T01:00:00Z"), nanoseconds(1795222800s));
  EXPECT_EQ(parse_rfc3339("2026-11-21T01:00:00.5Z"), nanoseconds(1795222800s) + 500ms);
  const auto first = parse_rfc3339("1970-01-01T00:00:00Z");
  const auto last = parse_rfc3339("2150-12-31T23:59:59.999999999Z");
  ASSERT_TRUE(first && last);
  EXPECT_GT(*last - *first, std::chrono::years(180)) << "as of any two times that are read";
  for (const char* text :
       {"", "2026-11-21", "2026-02-30T00:00:00Z", "2026-11-21T25:00:00Z", "2026-11-21T01:00:00",
        "2026-11-21T01:00:00.Z", "2026-11-21T01:00:00.1234567890Z", "2026-11-21 01:00:00Z",
        "-026-11-21T01:00:00Z", "9999-11-21T01:00:00Z", "1969-12-31T23:59:59.999999999Z",
        "2151-01-01T00:00:00Z", "1700-01-01T00:00:00Z", "2026-11-21T01:00:00+01:00"}) {
    EXPECT_FALSE(parse_rfc3339(text)) << text;
  }
}

}  // namespace
}  // namespace tcptrace::report
