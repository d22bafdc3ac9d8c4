// SPDX-License-Identifier: GPL-2.0
#include "support/environment.h"

#include <cstdlib>
#include <string_view>

namespace tcptrace::live {

bool exact_counts() {
  const char* text = std::getenv("TCPTRACE_EXPECT_EXACT");
  return text != nullptr && *text != '\0' && *text != '0';
}

bool may_skip_events() {
  const char* text = std::getenv("TCPTRACE_TEST_ATTACH");
  return text != nullptr && std::string_view(text) == "kprobe";
}

int attempts() {
  if (exact_counts()) {
    return may_skip_events() ? 3 : 1;
  }
  return 5;
}

}  // namespace tcptrace::live
