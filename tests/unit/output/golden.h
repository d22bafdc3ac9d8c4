// SPDX-License-Identifier: GPL-2.0
// Golden files: what a renderer printed when a person last looked at it. TCPTRACE_UPDATE_GOLDEN=1
// rewrites them; review the diff.
#pragma once

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

#include <gtest/gtest.h>

namespace tcptrace::test {

inline void expect_golden(const std::string& name, const std::string& actual) {
  const std::string path = std::string(TCPTRACE_FIXTURES "/golden/") + name;
  if (std::getenv("TCPTRACE_UPDATE_GOLDEN") != nullptr) {
    std::ofstream(path) << actual;
    return;
  }
  const std::ifstream file(path);
  ASSERT_TRUE(file) << path << " is missing: run with TCPTRACE_UPDATE_GOLDEN=1";
  std::ostringstream expected;
  expected << file.rdbuf();
  EXPECT_EQ(expected.str(), actual) << "against " << path;
}

}  // namespace tcptrace::test
