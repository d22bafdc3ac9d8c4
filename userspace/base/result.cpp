// SPDX-License-Identifier: GPL-2.0
#include "base/result.h"

#include <system_error>

namespace tcptrace {

Error usage_error(std::string what, std::string hint) {
  return Error{.what = std::move(what), .hint = std::move(hint), .status = ExitStatus::kUsage};
}

Error system_error(std::string_view what, int errno_code, std::string hint) {
  return Error{.what = std::string(what) + ": " + std::generic_category().message(errno_code),
               .hint = std::move(hint),
               .errno_code = errno_code};
}

}  // namespace tcptrace
