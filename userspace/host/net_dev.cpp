// SPDX-License-Identifier: GPL-2.0
#include "host/net_dev.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

#include "host/procfs.h"

namespace tcptrace::host {
namespace {

using model::Interface;

// dev_seq_printf_stats() (net/core/net-procfs.c); null: of no interest here.
constexpr std::array<std::uint64_t Interface::*, 16> kColumns = {&Interface::rx_bytes,
                                                                 &Interface::rx_packets,
                                                                 &Interface::rx_errors,
                                                                 &Interface::rx_dropped,
                                                                 &Interface::rx_overruns,
                                                                 nullptr,
                                                                 nullptr,
                                                                 nullptr,
                                                                 &Interface::tx_bytes,
                                                                 &Interface::tx_packets,
                                                                 &Interface::tx_errors,
                                                                 &Interface::tx_dropped,
                                                                 &Interface::tx_overruns,
                                                                 &Interface::collisions,
                                                                 &Interface::carrier_errors,
                                                                 nullptr};

std::optional<Interface> parse_line(std::string_view line) {
  // dev_valid_name() allows no colon in a name.
  const std::size_t colon = line.find(':');
  const std::size_t start = line.find_first_not_of(' ');
  if (colon == std::string_view::npos || start >= colon) {
    return std::nullopt;
  }
  const std::vector<std::string_view> values = fields(line.substr(colon + 1));
  if (values.size() != kColumns.size()) {
    return std::nullopt;
  }
  Interface interface { .name = std::string(line.substr(start, colon - start)) };
  for (std::size_t i = 0; i < kColumns.size(); ++i) {
    const auto value = parse_number<std::uint64_t>(values[i]);
    if (!value) {
      return std::nullopt;
    }
    if (kColumns[i] != nullptr) {
      interface.*kColumns[i] = *value;
    }
  }
  return interface;
}

}  // namespace

std::vector<Interface> parse_net_dev(std::string_view text) {
  std::vector<Interface> interfaces;
  for (const std::string_view line : lines(text)) {
    if (auto interface = parse_line(line)) {
      interfaces.push_back(std::move(*interface));
    }
  }
  return interfaces;
}

Result<std::vector<Interface>> read_net_dev(const std::filesystem::path& directory) {
  const auto text = read_file(directory / "dev");
  if (!text) {
    return std::unexpected(text.error());
  }
  return parse_net_dev(*text);
}

}  // namespace tcptrace::host
