// SPDX-License-Identifier: GPL-2.0
#include "host/softnet.h"

#include <cstdint>
#include <vector>

#include "host/procfs.h"

namespace tcptrace::host {

model::Softnet parse_softnet(std::string_view text) {
  static constexpr int kHex = 16;
  model::Softnet softnet;
  for (const std::string_view line : lines(text)) {
    const std::vector<std::string_view> columns = fields(line);
    if (columns.size() < 3) {
      continue;
    }
    const auto processed = parse_number<std::uint32_t>(columns[0], kHex);
    const auto dropped = parse_number<std::uint32_t>(columns[1], kHex);
    const auto time_squeeze = parse_number<std::uint32_t>(columns[2], kHex);
    if (processed && dropped && time_squeeze) {
      ++softnet.cpus;
      softnet.processed += *processed;
      softnet.dropped += *dropped;
      softnet.time_squeeze += *time_squeeze;
      softnet.each.push_back(
          {.processed = *processed, .dropped = *dropped, .time_squeeze = *time_squeeze});
    }
  }
  return softnet;
}

Result<model::Softnet> read_softnet(const std::filesystem::path& directory) {
  const auto text = read_file(directory / "softnet_stat");
  if (!text) {
    return std::unexpected(text.error());
  }
  return parse_softnet(*text);
}

}  // namespace tcptrace::host
