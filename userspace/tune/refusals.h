// SPDX-License-Identifier: GPL-2.0
// Advice that is handed on from list to list, and why it is not given here. Private to tune/.
#pragma once

#include <span>

#include "model/tune.h"

namespace tcptrace::tune {

[[nodiscard]] std::span<const model::TuneRefusal> refusals();

}  // namespace tcptrace::tune
