// SPDX-License-Identifier: GPL-2.0
#include "support/environment.h"

#include <sys/utsname.h>

#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <utility>

namespace tcptrace::live {

bool kernel_is_at_least(int major, int minor) {
  utsname names{};
  ::uname(&names);
  int running_major = 0;
  int running_minor = 0;
  require(std::sscanf(names.release, "%d.%d", &running_major, &running_minor) == 2,
          "no kernel release");
  return std::pair(running_major, running_minor) >= std::pair(major, minor);
}

bool exact_counts() {
  const char* text = std::getenv("TCPTRACE_EXPECT_EXACT");
  return text != nullptr && *text != '\0' && *text != '0';
}

bool may_skip_events() {
  const char* text = std::getenv("TCPTRACE_TEST_ATTACH");
  return text != nullptr && std::string_view(text) == "kprobe";
}

bool counts_skipped_events() { return kernel_is_at_least(6, 7); }

int attempts() {
  if (exact_counts()) {
    return may_skip_events() ? 3 : 1;
  }
  return 5;
}

}  // namespace tcptrace::live
