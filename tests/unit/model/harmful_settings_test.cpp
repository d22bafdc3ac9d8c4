// SPDX-License-Identifier: GPL-2.0
#include "model/harmful_settings.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tcptrace::model {
namespace {

using ::testing::EndsWith;
using ::testing::Not;
using ::testing::StartsWith;

TEST(HarmfulSettings, TheDefaultDoesNoHarmAndIsWhatIsAdvised) {
  for (const HarmfulSetting& setting : harmful_settings()) {
    const std::string name(setting.name);
    EXPECT_FALSE(setting.harmful(std::stoull(std::string(setting.usual)))) << name;
    EXPECT_THAT(std::string(setting.advice), StartsWith("set it to " + std::string(setting.usual)));
    EXPECT_THAT(std::string(setting.why), Not(EndsWith("."))) << name;
    EXPECT_EQ(harmful_setting({{name, std::string(setting.usual)}}, name), nullptr);
    const std::string harmful = setting.usual == "0" ? "1" : "0";
    EXPECT_EQ(harmful_setting({{name, harmful}}, name), &setting);
    EXPECT_EQ(harmful_setting({{name, "x"}}, name), nullptr);
    EXPECT_EQ(harmful_setting({}, name), nullptr);
  }
  EXPECT_EQ(harmful_setting({{"net.ipv4.tcp_none", "0"}}, "net.ipv4.tcp_none"), nullptr);
}

TEST(HarmfulSettings, ConntrackThatForgetsFirst) {
  const auto found = [](const std::string& timeout, std::uint64_t tracked) {
    NetnsFacts netns;
    netns.sysctls = {{"net.ipv4.tcp_keepalive_time", "7200"},
                     {"net.netfilter.nf_conntrack_tcp_timeout_established", timeout}};
    netns.conntrack = Conntrack{.count = tracked};
    return forgetful_conntrack(netns).has_value();
  };
  EXPECT_TRUE(found("7200", 1));
  EXPECT_FALSE(found("7201", 1));
  EXPECT_FALSE(found("7200", 0)) << "nothing is tracked";
  EXPECT_FALSE(found("0", 1)) << "no keep-alive would help";
  EXPECT_FALSE(found("", 1));
}

}  // namespace
}  // namespace tcptrace::model
