// SPDX-License-Identifier: GPL-2.0
// Every drill, as a user runs it: the verdict has to name the cause, and must never be convinced of
// another one.
#include "stress/drill.h"

#include <algorithm>
#include <cctype>
#include <future>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "stress/command.h"
#include "support/schema.h"
#include "support/traced_test.h"

namespace tcptrace::live {
namespace {

struct Played {
  Lines records;
  std::string output;

  // Null: there is none.
  [[nodiscard]] const Line* find(std::string_view type, std::string_view name = {}) const {
    const auto found = std::ranges::find_if(records, [&](const Line& line) {
      return line.type() == type && line.text("/name") == name;
    });
    return found == records.end() ? nullptr : &*found;
  }
};

Played play_drills(const std::vector<std::string>& names) {
  std::vector<std::string> argv = {tracer_binary(), "drill", "--json", "--attach", attach_family()};
  argv.insert(argv.end(), names.begin(), names.end());
  const CommandResult ran = run(argv);
  Played played;
  played.output = ran.output;
  std::istringstream lines(ran.output);
  for (std::string line; std::getline(lines, line);) {
    auto json = nlohmann::json::parse(line, nullptr, false);
    if (json.is_object()) {
      EXPECT_EQ(test::validate(line), "");
      played.records.emplace_back(std::move(json), Clock::now());
    }
  }
  return played;
}

constexpr std::size_t kProcesses = 3;

// Every third one, in one process.
Played play_share(std::size_t first) {
  std::vector<std::string> names;
  for (std::size_t i = first; i < stress::drills().size(); i += kProcesses) {
    names.emplace_back(stress::drills()[i].name);
  }
  return play_drills(names);
}

Played play_all() {
  // Most of a drill is waiting: some at once, each in namespaces of its own, take part of the time.
  std::vector<std::future<Played>> shares;
  for (std::size_t first = 0; first < kProcesses; ++first) {
    shares.push_back(std::async(std::launch::async, play_share, first));
  }
  Played played;
  for (std::future<Played>& share : shares) {
    const Played more = share.get();
    played.records.insert(played.records.end(), more.records.begin(), more.records.end());
    played.output += more.output;
  }
  return played;
}

// All of them once.
const Played& all_played() {
  static const Played played = play_all();
  return played;
}

std::string outcome_in(const Played& played, std::string_view name) {
  const Line* result = played.find("drill", name);
  return result == nullptr ? "none" : result->text("/outcome");
}

// The drill's own record, or all there is if it has none.
std::string said_in(const Played& played, std::string_view name) {
  const Line* result = played.find("drill", name);
  return result == nullptr ? played.output : result->json().dump();
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
  const Line* hooks = all_played().find("hooks");
  ASSERT_NE(hooks, nullptr) << all_played().output;
  if (all_played().output.find(name + ": this kernel has no") != std::string::npos) {
    GTEST_SKIP() << "this kernel cannot play it";
  }
  const std::string expected = can_tell(drill, *hooks) ? "right" : "open";
  std::string outcome = outcome_in(all_played(), name);
  std::string said = said_in(all_played(), name);
  // Where the kernel hides events, what matters can be among them; by preemption too, and then
  // nothing is said, but nothing wrong.
  const int tries =
      outcome == "open" && preemption_hides_events() ? std::max(attempts(), 2) : attempts();
  for (int again = 1; again < tries && outcome != expected; ++again) {
    const Played played = play_drills({name});
    outcome = outcome_in(played, name);
    said = said_in(played, name);
  }
  RecordProperty("outcome", outcome);
  EXPECT_EQ(outcome, expected) << said;
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
