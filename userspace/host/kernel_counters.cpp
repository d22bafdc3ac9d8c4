// SPDX-License-Identifier: GPL-2.0
#include "host/kernel_counters.h"

#include <fcntl.h>
#include <sched.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <thread>
#include <vector>

#include <fmt/format.h>

#include "base/unique_fd.h"
#include "host/netns.h"
#include "host/procfs.h"

namespace tcptrace::host {
namespace {

namespace fs = std::filesystem;

// `directory` is a /proc/…/net. netstat may be missing where snmp is not.
Result<Counters> read_counters(const fs::path& directory) {
  const auto snmp = read_file(directory / "snmp");
  if (!snmp) {
    return std::unexpected(snmp.error());
  }
  Counters counters;
  parse_counters(*snmp, counters);
  if (const auto netstat = read_file(directory / "netstat")) {
    parse_counters(*netstat, counters);
  }
  return counters;
}

// Enters the namespace for good: only for a thread that ends afterwards.
Result<Counters> enter_and_read(const fs::path& root, const fs::path& path) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.valid()) {
    return std::unexpected(system_error(fmt::format("cannot open {}", path.native()), errno));
  }
  if (::setns(fd.get(), CLONE_NEWNET) != 0) {
    return std::unexpected(system_error(fmt::format("cannot enter {}", path.native()), errno));
  }
  return read_counters(root / "proc/thread-self/net");
}

Result<Counters> read_by_setns(const fs::path& root, const fs::path& path) {
  Result<Counters> result;
  std::thread([&] { result = enter_and_read(root, path); }).join();
  return result;
}

Result<Counters> read_one(const fs::path& root, const NetNamespace& netns) {
  for (const std::uint32_t pid : netns.pids) {
    auto counters = read_counters(proc_dir(root, pid) / "net");
    // It may have exited, and another may have its number or it may have moved: the numbers would
    // be another's.
    if (counters && netns_of_pid(root, pid) == netns.inode) {
      return counters;
    }
  }
  if (!netns.name.empty()) {
    return read_by_setns(root, root / "run/netns" / netns.name);
  }
  return std::unexpected(Error{.what = "its processes exited while it was read"});
}

}  // namespace

void parse_counters(std::string_view text, Counters& into) {
  const std::vector<std::string_view> all = lines(text);
  for (std::size_t i = 0; i + 1 < all.size(); ++i) {
    const std::vector<std::string_view> names = fields(all[i]);
    const std::vector<std::string_view> values = fields(all[i + 1]);
    if (names.empty() || values.empty() || names[0] != values[0] || !names[0].ends_with(':')) {
      continue;
    }
    const std::string_view protocol = names[0].substr(0, names[0].size() - 1);
    for (std::size_t k = 1; k < std::min(names.size(), values.size()); ++k) {
      if (const auto value = parse_number<std::uint64_t>(values[k])) {
        into.insert_or_assign(fmt::format("{}.{}", protocol, names[k]), *value);
      }
    }
    ++i;
  }
}

CountersByNetns read_kernel_counters(const fs::path& root) {
  CountersByNetns result;
  for (const NetNamespace& netns : list_netns(root)) {
    NetnsCounters& entry = result[netns.inode];
    entry.name = netns_label(root, netns);
    if (auto counters = read_one(root, netns)) {
      entry.counters = std::move(*counters);
    } else {
      entry.unreadable = counters.error().what;
    }
  }
  return result;
}

}  // namespace tcptrace::host
