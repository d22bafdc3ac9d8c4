// SPDX-License-Identifier: GPL-2.0
// Result<T>: what a function returns that can fail for reasons outside the program.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace tcptrace {

// Exit statuses of the binary. Documented in README and man page: stable.
enum class ExitStatus : int {
  kDone = 0,         // finished, also by SIGINT and SIGTERM
  kFailed = 1,       // something failed while running: output, a map, the kernel
  kUsage = 2,        // bad usage or input
  kUnsupported = 3,  // the kernel or the privileges do not allow it
};

// `what` is one clause without a full stop ("cannot open x: Permission denied"); `hint` says what
// to do, may be empty.
struct Error {
  std::string what{};
  std::string hint{};
  int errno_code = 0;
  ExitStatus status = ExitStatus::kFailed;

  // Puts "context: " before what, as the error goes up.
  Error& within(std::string_view context) {
    what.insert(0, ": ").insert(0, context);
    return *this;
  }
};

template <typename T>
using Result = std::expected<T, Error>;

// Bad usage or input: ExitStatus::kUsage.
[[nodiscard]] Error usage_error(std::string what, std::string hint = {});

// "what: strerror(errno_code)".
[[nodiscard]] Error system_error(std::string_view what, int errno_code, std::string hint = {});

}  // namespace tcptrace
