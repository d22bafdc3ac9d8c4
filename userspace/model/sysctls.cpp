// SPDX-License-Identifier: GPL-2.0
#include "model/sysctls.h"

namespace tcptrace::model {

std::string_view sysctl_text(const Sysctls& sysctls, std::string_view name) {
  const auto found = sysctls.find(name);
  return found == sysctls.end() ? std::string_view() : std::string_view(found->second);
}

std::optional<std::uint64_t> sysctl_number(const Sysctls& sysctls, std::string_view name) {
  return parse_number<std::uint64_t>(sysctl_text(sysctls, name));
}

std::uint64_t counter_value(const Counters& counters, std::string_view name) {
  const auto found = counters.find(name);
  return found == counters.end() ? 0 : found->second;
}

}  // namespace tcptrace::model
