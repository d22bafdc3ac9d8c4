// SPDX-License-Identifier: GPL-2.0
// The parts of JsonWriter that need not be inlined. Knows JSON, not what the fields mean.
#include "output/json_writer.h"

namespace tcptrace::output {
namespace {

bool needs_no_escape(std::string_view value) {
  return std::all_of(value.begin(), value.end(),
                     [](char c) { return c >= ' ' && c < 0x7f && c != '"' && c != '\\'; });
}

}  // namespace

void JsonWriter::element(std::string_view value) {
  put('"');
  if (value.size() <= kRoom && needs_no_escape(value)) {
    reserve(value.size() + kRoom);
    std::memcpy(pos_, value.data(), value.size());
    pos_ += value.size();
  } else {
    out_.append(buffer_.data(), pos_);
    pos_ = buffer_.data();
    append_json_escaped(out_, value);
  }
  put('"');
  put(',');
}

void JsonWriter::number_unless_zero(std::string_view key, std::uint64_t value) {
  if (value == 0) {
    return;
  }
  element(key);
  pos_[-1] = ':';
  reserve(kRoom);
  decimal(value);
  put(',');
}

void JsonWriter::flush() {
  if (pos_ == buffer_.data()) {
    return;
  }
  out_.append(buffer_.data(), pos_ - 1);
  buffer_.front() = pos_[-1];
  pos_ = buffer_.data() + 1;
}

}  // namespace tcptrace::output
