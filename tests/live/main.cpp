// SPDX-License-Identifier: GPL-2.0
// Live tests: real sockets, the running kernel, the binary as a user runs it. Needs root.
#include <unistd.h>

#include <cstdio>

#include <gtest/gtest.h>

#include "support/traced_test.h"

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  if (::geteuid() != 0) {
    std::fputs("the live tests need root\n", stderr);
    return 1;
  }
  testing::AddGlobalTestEnvironment(new tcptrace::live::SharedTracerEnvironment);
  return RUN_ALL_TESTS();
}
