// SPDX-License-Identifier: GPL-2.0
#include "model/ca_state.h"

#include <array>

namespace tcptrace::model {

std::string_view ca_state_name(std::uint8_t ca_state) {
  constexpr std::array<std::string_view, 5> kNames = {"open", "disorder", "cwr", "recovery",
                                                      "loss"};
  return ca_state < kNames.size() ? kNames[ca_state] : std::string_view{};
}

}  // namespace tcptrace::model
