// SPDX-License-Identifier: GPL-2.0
// The two headers of a recording, and the check that a file is one that this build can read.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/result.h"

namespace tcptrace::trace::recording {

inline constexpr std::uint32_t kFormatVersion = 1;

// The first three and the version are where they are in every format.
struct FileHeader {
  std::array<char, 8> magic{};
  std::uint32_t format = 0;
  std::uint32_t abi = 0;  // TT_ABI_VERSION
  std::array<char, 32> version{};
  std::array<std::uint16_t, 4> record_sizes{};  // of bpf/tcptrace.h's structs
  std::uint32_t reserved = 0;
  std::uint32_t crc = 0;  // of what is before it
};
static_assert(sizeof(FileHeader) == 64);

[[nodiscard]] FileHeader make_file_header(std::string_view version);
// Makes the checksum that of the rest.
void seal(FileHeader& header);
// An error, with ExitStatus::kUsage, that says what else it is; `version` is ours.
[[nodiscard]] Result<void> check_file_header(std::span<const std::byte> bytes,
                                             std::string_view version);

struct BlockHeader {
  std::array<char, 8> marker{};
  std::uint32_t stored_bytes = 0;
  std::uint32_t plain_bytes = 0;
  std::uint64_t records_before = 0;
  std::uint32_t records = 0;
  std::uint32_t reserved = 0;
  std::uint32_t reserved2 = 0;
  std::uint32_t crc = 0;  // of what is before it
};
static_assert(sizeof(BlockHeader) == 40);

inline constexpr std::array<char, 8> kBlockMarker{'\xf7', 't', 't', 'B', 'L', 'O', 'C', '\n'};

[[nodiscard]] BlockHeader make_block_header(std::size_t stored, std::size_t plain,
                                            std::uint64_t records_before, std::uint32_t records);
// The header at the beginning of `bytes`; empty: there is none, or none that can be believed.
[[nodiscard]] std::optional<BlockHeader> parse_block_header(std::span<const std::byte> bytes);

}  // namespace tcptrace::trace::recording
