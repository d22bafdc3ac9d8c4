// SPDX-License-Identifier: GPL-2.0
#include "stress/load_http.h"

#include <algorithm>
#include <cstring>
#include <optional>

#include "stress/http_text.h"

namespace tcptrace::stress {
namespace {

constexpr std::uint16_t kFirstFinal = 200;
constexpr std::uint16_t kNoContent = 204;
constexpr std::uint16_t kNotModified = 304;
// Leaves room for the line end behind a chunk.
constexpr std::uint64_t kMaxLength = std::uint64_t{1} << 62;

std::optional<std::uint64_t> length(std::string_view text, int base) {
  const auto number = whole_number(text, base);
  return number.value_or(0) <= kMaxLength ? number : std::nullopt;
}

}  // namespace

std::size_t HttpAnswer::take(std::string_view bytes) {
  std::size_t taken = 0;
  while (taken < bytes.size() && !done() && !broken()) {
    const std::string_view rest = bytes.substr(taken);
    switch (state_) {
      case State::kBody:
      case State::kBodyToEnd:
      case State::kChunk:
        taken += take_body(rest);
        break;
      case State::kStatusLine:
      case State::kHeader:
      case State::kChunkSize:
      case State::kTrailer:
        taken += take_line(rest);
        break;
      case State::kDone:
      case State::kBroken:
        break;
    }
  }
  return taken;
}

std::size_t HttpAnswer::take_body(std::string_view bytes) {
  if (state_ == State::kBodyToEnd) {
    return bytes.size();
  }
  const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(bytes.size(), left_));
  left_ -= size;
  if (left_ == 0) {
    state_ = state_ == State::kBody ? State::kDone : State::kChunkSize;
  }
  return size;
}

std::size_t HttpAnswer::take_line(std::string_view bytes) {
  const std::size_t end = bytes.find('\n');
  const std::string_view piece = bytes.substr(0, end);
  if (length_ == 0 && end != std::string_view::npos) {
    line(piece);  // whole, as nearly always
    return end + 1;
  }
  const std::size_t kept = std::min(piece.size(), line_.size() - length_);
  std::memcpy(line_.data() + length_, piece.data(), kept);
  length_ = static_cast<std::uint8_t>(length_ + kept);
  if (end == std::string_view::npos) {
    return bytes.size();
  }
  const std::string_view whole(line_.data(), length_);
  length_ = 0;
  line(whole);
  return end + 1;
}

void HttpAnswer::line(std::string_view text) {
  if (text.ends_with('\r')) {
    text.remove_suffix(1);
  }
  switch (state_) {
    case State::kStatusLine:
      status_line(text);
      break;
    case State::kHeader:
      header(text);
      break;
    case State::kChunkSize:
      chunk_size(text);
      break;
    case State::kTrailer:
      state_ = text.empty() ? State::kDone : State::kTrailer;
      break;
    case State::kBody:
    case State::kBodyToEnd:
    case State::kChunk:
    case State::kDone:
    case State::kBroken:
      break;
  }
}

// "HTTP/1.1 200 OK"
void HttpAnswer::status_line(std::string_view text) {
  constexpr std::string_view kVersion = "HTTP/1.";
  constexpr std::size_t kStatusAt = 9;
  const auto status = text.starts_with(kVersion) && text.size() >= kStatusAt + 3
                          ? whole_number(text.substr(kStatusAt, 3))
                          : std::nullopt;
  if (!status || text[kStatusAt - 1] != ' ' || *status < 100) {
    state_ = State::kBroken;
    return;
  }
  status_ = static_cast<std::uint16_t>(*status);
  closes_ = text[kVersion.size()] == '0';  // HTTP/1.0, unless it says that it keeps it
  state_ = State::kHeader;
}

void HttpAnswer::header(std::string_view text) {
  if (text.empty()) {
    end_of_header();
    return;
  }
  const std::size_t colon = std::min(text.find(':'), text.size());
  const std::string_view name = text.substr(0, colon);
  const std::string_view value = without_ows(text.substr(std::min(colon + 1, text.size())));
  if (same_token(name, "Content-Length")) {
    const auto bytes = length(value, 10);
    if (!bytes) {
      state_ = State::kBroken;
      return;
    }
    length_known_ = true;
    left_ = *bytes;
  } else if (same_token(name, "Transfer-Encoding")) {
    chunked_ = same_token(value, "chunked");
  } else if (same_token(name, "Connection")) {
    closes_ = has_member(value, "close") || (closes_ && !has_member(value, "keep-alive"));
  }
}

void HttpAnswer::end_of_header() {
  if (status_ < kFirstFinal) {
    *this = HttpAnswer();  // an interim answer: the final one follows
  } else if (status_ == kNoContent || status_ == kNotModified) {
    state_ = State::kDone;
  } else if (chunked_) {
    state_ = State::kChunkSize;
  } else if (length_known_) {
    state_ = left_ == 0 ? State::kDone : State::kBody;
  } else {
    state_ = State::kBodyToEnd;
  }
}

void HttpAnswer::chunk_size(std::string_view text) {
  constexpr std::uint64_t kLineEnd = 2;
  const auto size = length(without_ows(text.substr(0, text.find(';'))), 16);
  if (!size) {
    state_ = State::kBroken;
    return;
  }
  left_ = *size + kLineEnd;
  state_ = *size == 0 ? State::kTrailer : State::kChunk;
}

}  // namespace tcptrace::stress
