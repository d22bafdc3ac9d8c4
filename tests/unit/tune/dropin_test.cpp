// SPDX-License-Identifier: GPL-2.0
#include "tune/dropin.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tcptrace::tune {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::string_view kHeader =
    "# Written by tcptrace tune --apply; tcptrace tune --restore puts back what was before.\n";

model::TuneProposal proposal(std::string name, std::string proposed) {
  model::TuneProposal made;
  made.name = std::move(name);
  made.proposed = std::move(proposed);
  return made;
}

TEST(Dropin, EachSettingStandsBelowItsReasons) {
  const DropinSetting setting = dropin_setting({.name = "net.core.somaxconn",
                                                .current = "128",
                                                .proposed = "4096",
                                                .evidence = {"ListenOverflows 812", "two"},
                                                .reason = "Because.",
                                                .risk = "Little.",
                                                .source = "listen(2)"});
  EXPECT_EQ(dropin_text("", {&setting, 1}), std::string(kHeader) +
                                                "\n# net.core.somaxconn: 128 -> 4096\n"
                                                "#   evidence: ListenOverflows 812; two\n"
                                                "#   why: Because.\n"
                                                "#   risk: Little.\n"
                                                "#   source: listen(2)\n"
                                                "net.core.somaxconn = 4096\n");
}

TEST(Dropin, GeneralAdviceSaysSo) {
  const DropinSetting setting = dropin_setting(proposal("a.b", "1"));
  EXPECT_THAT(dropin_text("", {&setting, 1}), HasSubstr("# "
                                                        "  evidence: no evidence; general "
                                                        "advice\n"));
}

TEST(Dropin, NobodyWritesALineOfHisOwn) {
  model::TuneProposal made = proposal("a.b", "2");
  made.current = "1\nkernel.sysrq = 1";
  made.evidence = {"backlog of :80 (x\nkernel.panic = 1)"};
  const DropinSetting setting = dropin_setting(made);
  const std::string text = dropin_text("", {&setting, 1});
  EXPECT_THAT(text, Not(HasSubstr("\nkernel.")));
  EXPECT_THAT(text, HasSubstr("x\\x0akernel.panic = 1"));
}

TEST(Dropin, WhatAnEarlierRunWroteStaysUnlessItIsWrittenAnew) {
  const std::vector<DropinSetting> first{{.name = "a.a", .value = "1", .comment = {"first a"}},
                                         {.name = "b.b", .value = "1", .comment = {"first b"}}};
  const std::vector<DropinSetting> second{{.name = "b.b", .value = "2", .comment = {"second b"}}};
  const std::string text = dropin_text(dropin_text("", first), second);
  EXPECT_EQ(text, std::string(kHeader) + "\n# first a\na.a = 1\n\n# second b\nb.b = 2\n");
  EXPECT_EQ(dropin_text(text, second), text);
}

TEST(Dropin, SomebodyElsesLinesStay) {
  const DropinSetting setting{.name = "a.a", .value = "1"};
  EXPECT_EQ(dropin_text("# mine\n-c/c=3\na/a = 0\nno newline", {&setting, 1}),
            std::string(kHeader) + "# mine\n-c/c=3\nno newline\n\na.a = 1\n");
}

TEST(Dropin, NamesAreReadAsSysctlReadsThem) {
  const auto named = [](std::string_view line) {
    std::string_view value;
    const std::string name = assigned_name(line, value);
    return name + "|" + std::string(value);
  };
  EXPECT_EQ(named("net.core.somaxconn = 128"), "net.core.somaxconn|128");
  EXPECT_EQ(named("  -net/ipv4/tcp_rmem=4096\t1 2 "), "net.ipv4.tcp_rmem|4096\t1 2");
  EXPECT_EQ(named("net/ipv4/conf/eth0.1/rp_filter=1"), "net.ipv4.conf.eth0/1.rp_filter|1");
  EXPECT_EQ(named("a.b = c = d"), "a.b|c = d");
  EXPECT_EQ(named("# a.b = 1"), "|");
  EXPECT_EQ(named("; a.b = 1"), "|");
  EXPECT_EQ(named("-a.b"), "|");
  EXPECT_EQ(named(""), "|");
  EXPECT_EQ(named("= 1"), "|1");
}

}  // namespace
}  // namespace tcptrace::tune
