// SPDX-License-Identifier: GPL-2.0
#include "output/tune.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "support/samples.h"
#include "support/tune_sample.h"

namespace tcptrace::output {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

std::string text_of(const model::TuneReport& report, bool verbose = false) {
  Context context = samples::context();
  context.verbose = verbose;
  return tune_text(report, context);
}

TEST(TuneText, AProposalSaysWhyAndWhatItRisks) {
  const std::string text = text_of(samples::tune_plan());
  EXPECT_THAT(text, StartsWith("kernel       6.1.0\n"
                               "namespace    host\n"
                               "profile      web\n"
                               "not read     the sockets: Operation not permitted\n"
                               "proposals    2\n"
                               "\n"
                               "net.core.somaxconn: 128 -> 4096\n"
                               "  evidence     ListenOverflows 812 since boot (3 d 4 h); backlog "
                               "of :8080 (a\\x1b[31m) limited to 128 by somaxconn, 90 waiting "
                               "now\n"
                               "  why          A listener whose queue is full drops the end of a "
                               "handshake.\n"
                               "  risk         Counts from the next listen().\n"
                               "  source       listen(2)\n"));
}

TEST(TuneText, GeneralAdviceIsCalledThat) {
  const std::string text = text_of(samples::tune_plan());
  EXPECT_THAT(text, HasSubstr("net.core.rmem_max: 1 -> 212992\n"
                              "  evidence     no evidence; general advice\n"));
  EXPECT_THAT(text, HasSubstr("  but          read-only here\n"));
}

TEST(TuneText, ADryRunShowsTheDropinAndWhoWouldWin) {
  const std::string text = text_of(samples::tune_plan());
  EXPECT_THAT(text, HasSubstr("--apply would set these values, and write "
                              "/etc/sysctl.d/90-tcptrace.conf:\n\n"
                              "# why\nnet.core.somaxconn = 4096\n"));
  EXPECT_THAT(text, HasSubstr("/etc/sysctl.d/99-x.conf sets net.core.somaxconn to 256, is read "
                              "later, and wins at boot\n"));
  model::TuneReport nothing = samples::tune_plan();
  nothing.plan.proposals.clear();
  EXPECT_THAT(text_of(nothing), HasSubstr("\nnothing to change\n"));
  EXPECT_THAT(text_of(nothing), Not(HasSubstr("would set")));
}

TEST(TuneText, ADryRunSaysThatApplyWouldRefuse) {
  model::TuneReport report = samples::tune_plan();
  EXPECT_THAT(text_of(report),
              HasSubstr("\nbut --apply would refuse: written for \\x1b[31m: restore there\n"));
  report.obstacle.clear();
  EXPECT_THAT(text_of(report), Not(HasSubstr("refuse:")));
}

TEST(TuneText, WhatNobodyCanSetIsNotPromised) {
  model::TuneReport report = samples::tune_plan();
  report.dropin.clear();
  report.dropin_text.clear();
  report.overrides.clear();
  EXPECT_THAT(text_of(report), HasSubstr("\n--apply --live-only would set these values, and"));
  report.plan.proposals.erase(report.plan.proposals.begin());
  EXPECT_THAT(text_of(report), HasSubstr("\nnone of these values can be set from here\n"));
  EXPECT_THAT(text_of(report), Not(HasSubstr("would set")));
}

TEST(TuneText, TheFormerDropinIsNotSentToTheTerminal) {
  model::TuneReport report = samples::tune_plan();
  report.dropin_text = "# \x1b[31m red\nnet.core.somaxconn = 4096\n";
  EXPECT_THAT(text_of(report), HasSubstr(":\n\n# \\x1b[31m red\nnet.core.somaxconn = 4096\n\n"));
}

TEST(TuneText, RefusalsAreAlwaysSaidAndTheRestWithVerbose) {
  EXPECT_THAT(text_of(samples::tune_plan()), HasSubstr("  tcp_tw_recycle = 1: drops SYNs (v4.12)"));
  EXPECT_THAT(text_of(samples::tune_plan()), Not(HasSubstr("tcp_sack")));
  EXPECT_THAT(text_of(samples::tune_plan(), true),
              HasSubstr("looked at, and left as it is:\n"
                        "  net.ipv4.tcp_sack = 1: on, as by default\n"
                        "  net.ipv4.tcp_mem: not there\n"));
}

TEST(TuneText, EveryOutcomeHasItsLine) {
  EXPECT_THAT(text_of(samples::tune_applied()),
              HasSubstr("\n"
                        "set          net.core.somaxconn: 128 -> 4096\n"
                        "adjusted     net.core.somaxconn: 128 -> 256: the kernel made this of "
                        "4096\n"
                        "refused      net.core.somaxconn: cannot set net.core.somaxconn to "
                        "\"4096\": Invalid argument\n"
                        "read_only    net.core.somaxconn: 128: /proc/sys is mounted read-only "
                        "here\n"
                        "absent       net.core.somaxconn: there is no such setting here\n"
                        "rolled_back  net.core.somaxconn: was set, and is 256 again\n"
                        "not_back     net.core.somaxconn: 128 -> 256: was set, and is not put "
                        "back\n"
                        "left         net.core.somaxconn: 128: not touched\n"
                        "interrupted: not all that was set is back\n"
                        "drop-in      written: /etc/sysctl.d/90-tcptrace.conf\n"
                        "/etc/sysctl.d/99-x.conf sets net.core.somaxconn to 256, is read later, "
                        "and wins at boot\n"
                        "problem      cannot write /etc/sysctl.d: No space left on device\n"
                        "backup       /var/lib/tcptrace/sysctl-backup.json: tcptrace tune "
                        "--restore puts the former values back\n"));
}

TEST(TuneText, AfterAnInterruptItSaysOnlyWhatIsTrue) {
  using model::SettingOutcome;
  const auto interrupted = [](SettingOutcome first, std::string error) {
    model::TuneReport report = samples::tune_applied();
    auto& settings = report.outcome->settings;
    settings.erase(settings.begin() + 1, settings.end());
    settings[0].outcome = first;
    settings[0].error = std::move(error);
    return text_of(report);
  };
  for (const auto fine :
       {SettingOutcome::kRolledBack, SettingOutcome::kLeft, SettingOutcome::kRefused}) {
    const std::string text = interrupted(fine, "");
    EXPECT_THAT(text, HasSubstr("interrupted: what was set is back\n"));
    EXPECT_THAT(text, Not(HasSubstr("--restore")));
  }
  const std::string stuck = interrupted(SettingOutcome::kNotBack, "Invalid argument");
  EXPECT_THAT(stuck, HasSubstr("was set, and is not put back: Invalid argument\n"
                               "interrupted: not all that was set is back\n"));
  EXPECT_THAT(stuck, HasSubstr("backup       /var/lib/tcptrace/sysctl-backup.json: tcptrace tune "
                               "--restore"));
}

TEST(TuneText, ARestoreSaysWhatIsBack) {
  EXPECT_EQ(text_of(samples::tune_restored()),
            "set          net.ipv4.ip_local_reserved_ports: 18080 -> (empty)\n"
            "drop-in      removed: /etc/sysctl.d/90-tcptrace.conf\n");
  model::TuneReport report = samples::tune_restored();
  report.outcome->dropin_text = "x";
  EXPECT_THAT(text_of(report), HasSubstr("drop-in      as it was before: /etc/sysctl.d/"));
}

TEST(TuneJson, SaysWhatTheTextSays) {
  const json plan = json::parse(tune_json(samples::tune_plan(), samples::context()));
  EXPECT_EQ(plan["type"], "tune");
  EXPECT_EQ(plan["action"], "dry_run");
  EXPECT_EQ(plan["proposals"][0]["basis"], "evidence");
  EXPECT_EQ(plan["proposals"][0]["evidence"].size(), 2U);
  EXPECT_EQ(plan["proposals"][1]["evidence"], json::array());
  EXPECT_EQ(plan["proposals"][1]["basis"], "general_advice");
  EXPECT_EQ(plan["dropin_text"], samples::tune_plan().dropin_text);
  EXPECT_EQ(plan["obstacle"], samples::tune_plan().obstacle);
  EXPECT_FALSE(plan.contains("settings"));
  const json restored = json::parse(tune_json(samples::tune_restored(), samples::context()));
  EXPECT_FALSE(restored.contains("proposals"));
  EXPECT_EQ(restored["settings"][0]["actual"], "");
  EXPECT_FALSE(restored.contains("dropin_text")) << "it is not there";
}

}  // namespace
}  // namespace tcptrace::output
