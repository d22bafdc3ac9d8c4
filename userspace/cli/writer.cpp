// SPDX-License-Identifier: GPL-2.0
#include "cli/writer.h"

#include "output/json.h"

namespace tcptrace::cli {

Result<void> Writer::write_header() {
  if (json_) {
    return {};
  }
  line_.clear();
  table_.append_header(line_, context_);
  return sink_->write(line_);
}

Result<void> Writer::write(const model::Record& record) {
  line_.clear();
  if (json_) {
    output::append_json(line_, record, context_);
  } else {
    table_.append(line_, record, context_);
  }
  return line_.empty() ? Result<void>() : sink_->write(line_);
}

}  // namespace tcptrace::cli
