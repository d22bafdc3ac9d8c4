// SPDX-License-Identifier: GPL-2.0
#include "trace/recording_frame.h"

#include <zlib.h>

#include <algorithm>
#include <cstddef>
#include <cstring>

#include <fmt/core.h>

#include "base/text.h"
#include "tcptrace.h"
#include "trace/recording.h"

namespace tcptrace::trace::recording {
namespace {

// As PNG's: it shows a file that was taken for text.
constexpr std::array<char, 8> kMagic{'\x89', 't', 't', 'r', 'e', 'c', '\r', '\n'};

constexpr std::array<std::uint16_t, 4> kRecordSizes{sizeof(tt_common), sizeof(tt_end_record),
                                                    sizeof(tt_retransmit_record),
                                                    sizeof(tt_reset_record)};

template <typename Header>
std::uint32_t crc_of(const Header& header) {
  return static_cast<std::uint32_t>(
      ::crc32(0, reinterpret_cast<const Bytef*>(&header), offsetof(Header, crc)));
}

template <typename Header>
std::optional<Header> copy(std::span<const std::byte> bytes) {
  if (bytes.size() < sizeof(Header)) {
    return std::nullopt;
  }
  Header header;
  std::memcpy(&header, bytes.data(), sizeof(header));
  return header;
}

Error unreadable(std::string what) {
  return Error{.what = std::move(what), .hint = {}, .errno_code = 0, .status = ExitStatus::kUsage};
}

std::string version_of(const FileHeader& header) {
  const auto* end = std::ranges::find(header.version, '\0');
  return terminal_safe(
      {header.version.data(), static_cast<std::size_t>(end - header.version.data())});
}

}  // namespace

FileHeader make_file_header(std::string_view version) {
  FileHeader header{.magic = kMagic,
                    .format = kFormatVersion,
                    .abi = TT_ABI_VERSION,
                    .record_sizes = kRecordSizes};
  version.copy(header.version.data(), header.version.size() - 1);
  seal(header);
  return header;
}

void seal(FileHeader& header) { header.crc = crc_of(header); }

Result<void> check_file_header(std::span<const std::byte> bytes, std::string_view version) {
  const auto header = copy<FileHeader>(bytes);
  if (!header || header->magic != kMagic) {
    return std::unexpected(unreadable("this is no recording of tcptrace"));
  }
  if (header->format != kFormatVersion) {
    return std::unexpected(unreadable(
        fmt::format("recorded by tcptrace {} in format {}, and tcptrace {} reads format {}",
                    version_of(*header), header->format, version, kFormatVersion)));
  }
  if (header->crc != crc_of(*header)) {
    return std::unexpected(unreadable("its beginning is damaged"));
  }
  if (header->abi != TT_ABI_VERSION || header->record_sizes != kRecordSizes) {
    return std::unexpected(unreadable(fmt::format(
        "recorded by tcptrace {} with records of layout {}, and tcptrace {} reads layout {}",
        version_of(*header), header->abi, version, TT_ABI_VERSION)));
  }
  return {};
}

BlockHeader make_block_header(std::size_t stored, std::size_t plain, std::uint64_t records_before,
                              std::uint32_t records) {
  BlockHeader header{.marker = kBlockMarker,
                     .stored_bytes = static_cast<std::uint32_t>(stored),
                     .plain_bytes = static_cast<std::uint32_t>(plain),
                     .records_before = records_before,
                     .records = records};
  header.crc = crc_of(header);
  return header;
}

std::optional<BlockHeader> parse_block_header(std::span<const std::byte> bytes) {
  const auto header = copy<BlockHeader>(bytes);
  if (!header || header->marker != kBlockMarker || header->crc != crc_of(*header) ||
      header->stored_bytes > kMaxStoredBytes || header->plain_bytes > kMaxPlainBytes) {
    return std::nullopt;
  }
  return header;
}

}  // namespace tcptrace::trace::recording
