// SPDX-License-Identifier: GPL-2.0
// Tests with a lab of their own, that a whole suite shares, and tracers or snapshots of their own.
#pragma once

#include <memory>
#include <string_view>

#include <gtest/gtest.h>

#include "stress/lab.h"
#include "support/tracer.h"

namespace tcptrace::live {

class LabTest : public testing::Test {
 protected:
  static void TearDownTestSuite() { stage().reset(); }
  // Built by the first test that needs it: where all are skipped, none does.
  [[nodiscard]] static Lab& lab() {
    if (stage() == nullptr) {
      stage() = std::make_unique<Lab>();
    }
    return *stage();
  }

  static void skip_unless_auto(std::string_view why) { skip_unless_family({"auto"}, why); }

 private:
  static std::unique_ptr<Lab>& stage() {
    static std::unique_ptr<Lab> lab;
    return lab;
  }
};

}  // namespace tcptrace::live
