// SPDX-License-Identifier: GPL-2.0
#include "stress/address.h"

#include <gtest/gtest.h>

namespace tcptrace::stress {
namespace {

SocketAddress numeric(const char* host) {
  const auto addresses = resolve({.host = host, .port = 8080});
  EXPECT_TRUE(addresses) << host;
  return addresses ? addresses->front() : SocketAddress();
}

TEST(Address, NumbersResolveToThemselves) {
  EXPECT_EQ(to_text(numeric("192.0.2.1")), "192.0.2.1:8080");
  EXPECT_EQ(to_text(numeric("2001:db8::1")), "[2001:db8::1]:8080");
  EXPECT_EQ(host_text(numeric("192.0.2.1")), "192.0.2.1");
  EXPECT_EQ(host_text(numeric("2001:db8::1")), "2001:db8::1");
  EXPECT_EQ(numeric("192.0.2.1").port(), 8080);
  EXPECT_EQ(numeric("2001:db8::1").port(), 8080);
}

TEST(Address, LoopbackIsTold) {
  EXPECT_TRUE(numeric("127.0.0.1").is_loopback());
  EXPECT_TRUE(numeric("127.200.3.4").is_loopback());
  EXPECT_TRUE(numeric("::1").is_loopback());
  EXPECT_TRUE(numeric("::ffff:127.0.0.1").is_loopback());
  EXPECT_FALSE(numeric("128.0.0.1").is_loopback());
  EXPECT_FALSE(numeric("::ffff:10.0.0.1").is_loopback());
  EXPECT_FALSE(numeric("::2").is_loopback());
}

TEST(Address, ANumberOfTheOtherFamilyIsBadUsage) {
  const auto addresses = resolve({.host = "192.0.2.1", .port = 80}, model::Family::kIpv6);
  ASSERT_FALSE(addresses);
  EXPECT_EQ(addresses.error().status, ExitStatus::kUsage);
  EXPECT_NE(addresses.error().what.find("cannot resolve \"192.0.2.1\""), std::string::npos);
}

}  // namespace
}  // namespace tcptrace::stress
