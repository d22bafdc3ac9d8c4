// SPDX-License-Identifier: GPL-2.0
#include "stress/wait.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <stdexcept>

namespace tcptrace::stress {

double timeout_scale() {
  const char* text = std::getenv("TCPTRACE_TIMEOUT_SCALE");
  return text == nullptr ? 1.0 : std::max(1.0, std::strtod(text, nullptr));
}

std::chrono::milliseconds scaled(std::chrono::milliseconds timeout) {
  return std::chrono::milliseconds(
      std::llround(static_cast<double>(timeout.count()) * timeout_scale()));
}

void require(bool condition, const char* what) {
  if (!condition) {
    throw std::runtime_error(what);
  }
}

}  // namespace tcptrace::stress
