// SPDX-License-Identifier: GPL-2.0
#include "support/wait.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <stdexcept>
#include <string_view>

namespace tcptrace::live {

double timeout_scale() {
  const char* text = std::getenv("TCPTRACE_TIMEOUT_SCALE");
  return text == nullptr ? 1.0 : std::max(1.0, std::strtod(text, nullptr));
}

std::chrono::milliseconds scaled(std::chrono::milliseconds timeout) {
  return std::chrono::milliseconds(
      std::llround(static_cast<double>(timeout.count()) * timeout_scale()));
}

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

void require(bool condition, const char* what) {
  if (!condition) {
    throw std::runtime_error(what);
  }
}

}  // namespace tcptrace::live
