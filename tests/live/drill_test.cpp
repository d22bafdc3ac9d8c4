// SPDX-License-Identifier: GPL-2.0
// Every drill, as a user runs it: the verdict has to name the cause, and must never be convinced of
// another one.
#include "stress/drill.h"

#include <cctype>
#include <map>
#include <sstream>
#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "stress/command.h"
#include "support/schema.h"
#include "support/traced_test.h"

namespace tcptrace::live {
namespace {

struct Played {
  std::map<std::string, nlohmann::json> results;  // by name
  nlohmann::json hooks;
  std::string output;

  [[nodiscard]] nlohmann::json result(const std::string& name) const {
    const auto found = results.find(name);
    return found == results.end() ? nlohmann::json() : found->second;
  }
};

Played play_drills(const std::string& name) {
  const CommandResult ran =
      run({tracer_binary(), "drill", "--json", "--attach", attach_family(), name});
  Played played;
  played.output = ran.output;
  std::istringstream lines(ran.output);
  for (std::string line; std::getline(lines, line);) {
    auto json = nlohmann::json::parse(line, nullptr, false);
    if (!json.is_object()) {
      continue;
    }
    EXPECT_EQ(test::validate(line), "");
    const std::string type = json.value("type", "");
    if (type == "drill") {
      const std::string drill = json.at("name");
      played.results[drill] = std::move(json);
    } else if (type == "hooks") {
      played.hooks = std::move(json);
    }
  }
  return played;
}

// All of them once, in one process.
const Played& all_played() {
  static const Played played = play_drills("all");
  return played;
}

std::string outcome_of(const nlohmann::json& result) {
  return result.is_null() ? "none" : result.value("outcome", "none");
}

class DrillTest : public testing::TestWithParam<stress::Drill> {};

// Only function hooks see the handshake's last segment and the RST itself; tcp_reset() has it since
// v5.11 (commit 049fe386d353).
bool sees_ttls(const Line& hooks) {
  return hook_attached(hooks, "handshake") && hook_family(hooks, "reset_received") != "tp" &&
         !hooks.text("/kernel").starts_with("5.10.");
}

// Whether this kernel with these hooks can tell: tcptrace says so itself.
bool can_tell(const stress::Drill& drill, const Line& hooks) {
  switch (drill.cause) {
    case model::Cause::kInjectedReset:
      return sees_ttls(hooks);
    case model::Cause::kFirewallReject:
      return drill.kind != model::EventKind::kResetSent || hook_attached(hooks, "reset_netfilter");
    case model::Cause::kLocalSendFailure:
      return drill.kind != model::EventKind::kConnect || hook_attached(hooks, "connect_error");
    default:
      return true;
  }
}

TEST_P(DrillTest, VerdictIsTheCause) {
  const stress::Drill& drill = GetParam();
  const std::string name(drill.name);
  nlohmann::json result = all_played().result(name);
  // Where the kernel hides events, what matters can be among them.
  for (int again = 1; again < attempts() && outcome_of(result) != "right"; ++again) {
    result = play_drills(name).result(name);
  }
  const std::string& output = all_played().output;
  if (result.is_null() && output.find(name + ": this kernel has no") != std::string::npos) {
    GTEST_SKIP() << "this kernel cannot play it";
  }
  ASSERT_FALSE(result.is_null()) << output;
  RecordProperty("verdict", outcome_of(result));
  if (!can_tell(drill, Line(all_played().hooks, Clock::now()))) {
    EXPECT_EQ(outcome_of(result), "open") << result.dump();
    return;
  }
  EXPECT_EQ(outcome_of(result), "right") << result.dump();
}

INSTANTIATE_TEST_SUITE_P(Causes, DrillTest,
                         testing::ValuesIn(stress::drills().begin(), stress::drills().end()),
                         [](const testing::TestParamInfo<stress::Drill>& info) {
                           std::string name;
                           bool upper = true;
                           for (const char c : info.param.name) {
                             if (c == '-') {
                               upper = true;
                               continue;
                             }
                             name += upper ? static_cast<char>(std::toupper(c)) : c;
                             upper = false;
                           }
                           return name;
                         });

}  // namespace
}  // namespace tcptrace::live
