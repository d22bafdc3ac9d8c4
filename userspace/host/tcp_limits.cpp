// SPDX-License-Identifier: GPL-2.0
#include "host/tcp_limits.h"

#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <ranges>
#include <string_view>
#include <system_error>
#include <vector>

#include "host/procfs.h"
#include "host/sysctl.h"

namespace tcptrace::host {
namespace {

std::vector<std::uint64_t> numbers_in(const std::filesystem::path& path) {
  std::vector<std::uint64_t> numbers;
  const auto text = read_file(path);
  if (!text) {
    return numbers;
  }
  for (const std::string_view line : lines(*text)) {
    for (const std::string_view field : fields(line)) {
      if (const auto number = parse_number<std::uint64_t>(field)) {
        numbers.push_back(*number);
      }
    }
  }
  return numbers;
}

std::optional<std::uint64_t> number_in(const std::filesystem::path& path) {
  const auto numbers = numbers_in(path);
  return numbers.size() == 1 ? std::optional(numbers.front()) : std::nullopt;
}

// Of this process, but for the one through which they are listed.
std::uint64_t count_open_files(const std::filesystem::path& root) {
  std::error_code failure;
  const std::filesystem::directory_iterator files(root / "proc/self/fd", failure);
  const auto count = std::ranges::distance(files);
  return count > 0 ? static_cast<std::uint64_t>(count) - 1 : 0;
}

}  // namespace

model::LoadLimits read_load_limits(const std::filesystem::path& root) {
  model::LoadLimits limits;
  const std::filesystem::path net = root / "proc/sys/net";
  if (const auto range = numbers_in(net / "ipv4/ip_local_port_range");
      range.size() == 2 && range[0] <= range[1]) {
    limits.ports = range[1] - range[0] + 1;
  }
  constexpr auto kReuse =
      std::to_array<std::string_view>({"net.ipv4.tcp_tw_reuse", "net.ipv4.tcp_timestamps"});
  std::vector<model::UnreadFact> ignored;
  limits.time_wait_reuse = model::time_wait_reuse(read_sysctls(root, kReuse, ignored));
  limits.somaxconn = number_in(net / "core/somaxconn");
  limits.conntrack_max = number_in(net / "netfilter/nf_conntrack_max");
  limits.conntrack_count = number_in(net / "netfilter/nf_conntrack_count").value_or(0);
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur != RLIM_INFINITY) {
    limits.open_files = files.rlim_cur;
  }
  limits.files_open = count_open_files(root);
  return limits;
}

void raise_open_files() {
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) == 0) {
    files.rlim_cur = files.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &files);
  }
}

}  // namespace tcptrace::host
