// SPDX-License-Identifier: GPL-2.0
// What `check` prints.
#include "output/check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "golden.h"
#include "support/samples.h"

namespace tcptrace::output {
namespace {

using ::testing::HasSubstr;

TEST(CheckText, AdviceFollowsWhatIsNotInOrder) {
  const std::string text = check_text(samples::hooks(), samples::check_report());
  EXPECT_LT(text.find("!!  tracefs"), text.find("mount -t tracefs"));
  EXPECT_THAT(text, HasSubstr("usable: SYN-ACK retransmissions will not be seen"));
}

TEST(CheckText, AMissingCapabilityIsAProblemOnlyWhereNothingStandsInForIt) {
  model::CheckReport report = samples::check_report();
  EXPECT_THAT(check_text({}, report), HasSubstr("-   CAP_SYS_ADMIN         missing"));
  report.usable = false;
  report.reason = "not permitted to load BPF programs";
  const std::string text = check_text({}, report);
  EXPECT_THAT(text, HasSubstr("!!  CAP_SYS_ADMIN         missing"));
  EXPECT_THAT(text, HasSubstr("not usable: not permitted to load BPF programs\n"));
}

TEST(CheckText, AKernelWithoutBtfSaysSo) {
  model::CheckReport report = samples::check_report();
  report.btf_bytes.reset();
  EXPECT_THAT(check_text({}, report), HasSubstr("!!  BTF                   missing"));
}

TEST(CheckText, WhatTheHostSaysCannotSteerTheTerminal) {
  model::CheckReport report = samples::check_report();
  report.rows[0].value = "\x1b]0;owned\x07";
  EXPECT_EQ(std::string::npos, check_text({}, report).find('\x1b'));
}

TEST(CheckJson, HasVerdictFactsAndHooks) {
  const auto json =
      nlohmann::json::parse(check_json(samples::hooks(), samples::check_report(), {}));
  EXPECT_EQ("check", json["type"]);
  EXPECT_EQ(true, json["usable"]);
  EXPECT_EQ(6123456, json["btf_bytes"]);
  EXPECT_EQ("mount -t tracefs tracefs /sys/kernel/tracing", json["facts"][1]["advice"]);
  EXPECT_EQ(false, json["capabilities"][2]["held"]);
  EXPECT_EQ(3U, json["hooks"].size());
}

TEST(Golden, Check) {
  test::expect_golden("check.txt",
                      check_text(samples::hooks(), samples::check_report(), samples::context()));
}

}  // namespace
}  // namespace tcptrace::output
