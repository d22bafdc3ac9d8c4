// SPDX-License-Identifier: GPL-2.0
// The text of the file below /etc/sysctl.d: each setting below comments that say why. Pure.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/tune.h"

namespace tcptrace::tune {

struct DropinSetting {
  std::string name;
  std::string value;
  std::vector<std::string> comment{};  // lines, without '#'
};

[[nodiscard]] DropinSetting dropin_setting(const model::TuneProposal& proposal);

// `existing` with these settings in the place of its own of the same names; what else is in it
// stays. The same settings make the same text again.
[[nodiscard]] std::string dropin_text(std::string_view existing,
                                      std::span<const DropinSetting> settings);

// The name that a line of a sysctl.d file sets, with dots; empty: it sets none. `value` is what it
// sets it to.
[[nodiscard]] std::string assigned_name(std::string_view line, std::string_view& value);

}  // namespace tcptrace::tune
