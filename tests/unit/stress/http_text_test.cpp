// SPDX-License-Identifier: GPL-2.0
#include "stress/http_text.h"

#include <limits>

#include <gtest/gtest.h>

namespace tcptrace::stress {
namespace {

TEST(HttpText, TokensAreTheSameInAnyCase) {
  EXPECT_TRUE(same_token("cOnnection", "Connection"));
  EXPECT_FALSE(same_token("Connect", "Connection"));
  EXPECT_FALSE(same_token("Connection ", "Connection"));
}

TEST(HttpText, SpacesAndTabsAreOptionalWhiteSpace) {
  EXPECT_EQ(without_ows(" \t a b\t "), "a b");
  EXPECT_EQ(without_ows(" \t "), "");
  EXPECT_EQ(without_ows("a\r"), "a\r");
}

TEST(HttpText, AListHasWholeMembers) {
  EXPECT_TRUE(has_member("Upgrade ,CLOSE", "close"));
  EXPECT_TRUE(has_member(",close,", "close"));
  EXPECT_FALSE(has_member("closed, not close", "close"));
  EXPECT_FALSE(has_member("", "close"));
}

TEST(HttpText, ANumberIsAllOfItsText) {
  EXPECT_EQ(whole_number("12"), 12U);
  EXPECT_EQ(whole_number("fF", 16), 255U);
  EXPECT_EQ(whole_number("18446744073709551615"), std::numeric_limits<std::uint64_t>::max());
  for (const std::string_view text : {"", "-1", "+1", " 1", "1 ", "1x", "18446744073709551616"}) {
    EXPECT_EQ(whole_number(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace tcptrace::stress
