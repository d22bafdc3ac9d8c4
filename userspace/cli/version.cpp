// SPDX-License-Identifier: GPL-2.0
#include "cli/version.h"

namespace tcptrace::cli {

std::string_view version() { return TCPTRACE_VERSION; }

}  // namespace tcptrace::cli
