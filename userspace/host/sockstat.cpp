// SPDX-License-Identifier: GPL-2.0
#include "host/sockstat.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "host/procfs.h"

namespace tcptrace::host {
namespace {

using model::Sockstat;

struct Field {
  std::string_view protocol;
  std::string_view name;
  std::uint64_t Sockstat::*value;
};
constexpr std::array kFields = {
    Field{"TCP:", "inuse", &Sockstat::tcp_inuse}, Field{"TCP6:", "inuse", &Sockstat::tcp6_inuse},
    Field{"TCP:", "orphan", &Sockstat::orphan},   Field{"TCP:", "tw", &Sockstat::time_wait},
    Field{"TCP:", "alloc", &Sockstat::alloc},     Field{"TCP:", "mem", &Sockstat::memory_pages}};

}  // namespace

void parse_sockstat(std::string_view text, Sockstat& into) {
  for (const std::string_view line : lines(text)) {
    const std::vector<std::string_view> words = fields(line);
    for (std::size_t i = 1; i + 1 < words.size(); i += 2) {
      const auto* const field = std::ranges::find_if(kFields, [&](const Field& known) {
        return known.protocol == words[0] && known.name == words[i];
      });
      if (const auto value = parse_number<std::uint64_t>(words[i + 1]);
          value && field != kFields.end()) {
        into.*(field->value) = *value;
      }
    }
  }
}

Result<Sockstat> read_sockstat(const std::filesystem::path& directory) {
  const auto text = read_file(directory / "sockstat");
  if (!text) {
    return std::unexpected(text.error());
  }
  Sockstat sockstat;
  parse_sockstat(*text, sockstat);
  if (const auto ipv6 = read_file(directory / "sockstat6")) {
    parse_sockstat(*ipv6, sockstat);
  }
  return sockstat;
}

}  // namespace tcptrace::host
