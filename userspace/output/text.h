// SPDX-License-Identifier: GPL-2.0
// Records as a table for people. Value in, text out; knows no terminal.
#pragma once

#include <string>

#include "model/filter.h"
#include "model/record.h"
#include "output/context.h"

namespace tcptrace::output {

// One line per event. The CONTAINER column appears, with a new header line, at the first event that
// has a container.
class TextTable {
 public:
  void append_header(std::string& out, const Context& context) const;

  // An event or a loss is one line ('\n' included), a summary some twenty. Hooks give nothing: see
  // hooks_text().
  void append(std::string& out, const model::Record& record, const Context& context);

 private:
  bool containers_ = false;
};

// One to three lines on what is attached and what will not be seen; belongs on stderr.
[[nodiscard]] std::string hooks_text(const model::Hooks& hooks,
                                     const model::EventSelection& selection,
                                     const Context& context);

[[nodiscard]] std::string summary_text(const model::Summary& summary, const Context& context);

}  // namespace tcptrace::output
