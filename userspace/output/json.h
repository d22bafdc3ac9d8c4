// SPDX-License-Identifier: GPL-2.0
// Records as JSON Lines, schema 1 (tcptrace-1.schema.json). Value in, text out.
#pragma once

#include <string>

#include "model/record.h"
#include "output/context.h"

namespace tcptrace::output {

// Appends one line, '\n' included. Never fails; `out` keeps its capacity, so reuse it.
void append_json(std::string& out, const model::Record& record, const Context& context);

}  // namespace tcptrace::output
