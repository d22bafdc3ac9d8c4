// SPDX-License-Identifier: GPL-2.0
#include "model/local_ports.h"

#include <string>

#include <gtest/gtest.h>

namespace tcptrace::model {
namespace {

LocalPorts ports(std::string range, std::string reserved = "") {
  return local_ports({{"net.ipv4.ip_local_port_range", std::move(range)},
                      {"net.ipv4.ip_local_reserved_ports", std::move(reserved)}});
}

TEST(LocalPorts, TheKernelsDefaultWhereNothingIsKnown) {
  for (const LocalPorts& unknown :
       {local_ports({}), ports("x y"), ports("61000 32768"), ports("32768"), ports("1 99999")}) {
    EXPECT_EQ(unknown.available(), 28232U);
  }
}

TEST(LocalPorts, OfARange) {
  EXPECT_EQ(ports("40000 40049").available(), 50U);
  EXPECT_EQ(ports("1 65535").available(), 65535U);
  EXPECT_EQ(ports("7 7").available(), 1U);
  EXPECT_TRUE(ports("40000 40049").contains(40049));
  EXPECT_FALSE(ports("40000 40049").contains(40050));
}

TEST(LocalPorts, ReservedOnesCountWhereTheyAreInTheRange) {
  EXPECT_EQ(ports("40000 40049", "80,39990-40009,40049,50000-50010").available(), 39U);
  EXPECT_EQ(ports("40000 40049", "1-65535").available(), 0U);
  EXPECT_EQ(ports("40000 40049", "x,,-,40001").available(), 49U);
}

}  // namespace
}  // namespace tcptrace::model
