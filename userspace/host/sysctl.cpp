// SPDX-License-Identifier: GPL-2.0
#include "host/sysctl.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/text.h"
#include "base/unique_fd.h"
#include "host/procfs.h"

namespace tcptrace::host {
namespace {

namespace fs = std::filesystem;

// A component that would leave /proc/sys, or that no setting has.
bool is_component(std::string_view text) {
  return !text.empty() && text != "." && text != ".." &&
         std::ranges::none_of(text, [](unsigned char c) { return c <= ' ' || c == 0x7f; });
}

}  // namespace

std::string normalised_sysctl(std::string_view text) {
  const std::size_t end = text.find_last_not_of(" \t\n");
  const std::string_view value(text.substr(0, end == std::string_view::npos ? 0 : end + 1));
  const bool lines_follow = value.find('\n') != std::string_view::npos;
  return lines_follow ? std::string(value) : fmt::format("{}", fmt::join(fields(value), " "));
}

Result<fs::path> sysctl_path(const fs::path& root, std::string_view name) {
  const std::size_t first = name.find_first_of("./");
  const char separator = first == std::string_view::npos ? '.' : name[first];
  fs::path path = root / "proc/sys";
  for (std::size_t start = 0; start <= name.size();) {
    const std::size_t end = std::min(name.find(separator, start), name.size());
    std::string component(name.substr(start, end - start));
    if (separator == '.') {
      std::ranges::replace(component, '/', '.');
    }
    if (!is_component(component)) {
      return std::unexpected(
          usage_error(fmt::format("\"{}\" is not the name of a setting", terminal_safe(name))));
    }
    path /= component;
    start = end + 1;
  }
  return path;
}

Result<std::optional<std::string>> read_sysctl(const fs::path& root, std::string_view name) {
  const auto path = sysctl_path(root, name);
  if (!path) {
    return std::unexpected(path.error());
  }
  const auto text = read_file(*path);
  if (text) {
    return normalised_sysctl(*text);
  }
  if (text.error().errno_code == ENOENT || text.error().errno_code == ENOTDIR) {
    return std::nullopt;
  }
  return std::unexpected(text.error());
}

Result<void> write_sysctl(const fs::path& root, std::string_view name, std::string_view value) {
  const auto path = sysctl_path(root, name);
  if (!path) {
    return std::unexpected(path.error());
  }
  const UniqueFd fd(::open(path->c_str(), O_WRONLY | O_TRUNC | O_CLOEXEC));
  const std::string line = fmt::format("{}\n", value);
  // One write: the kernel takes each for a value of its own.
  if (!fd.valid() || ::write(fd.get(), line.data(), line.size()) < 0) {
    return std::unexpected(
        system_error(fmt::format("cannot set {} to \"{}\"", name, terminal_safe(value)), errno));
  }
  return {};
}

SysctlAccess sysctl_access(const fs::path& root, std::string_view name) {
  const auto path = sysctl_path(root, name);
  struct stat status {};
  if (!path || ::stat(path->c_str(), &status) != 0) {
    return SysctlAccess::kAbsent;
  }
  // Not by access(2), which tells a user of the file's mode first.
  struct statvfs mount {};
  if (::statvfs(path->c_str(), &mount) == 0 && (mount.f_flag & ST_RDONLY) != 0) {
    return SysctlAccess::kReadOnlyMount;
  }
  return (status.st_mode & 0222U) == 0 ? SysctlAccess::kReadOnlyFile : SysctlAccess::kWritable;
}

std::string_view why_not_writable(SysctlAccess access) {
  switch (access) {
    case SysctlAccess::kReadOnlyMount:
      return "/proc/sys is mounted read-only here";
    case SysctlAccess::kReadOnlyFile:
      return "its file is read-only here, as it is of what only the host's network namespace can "
             "set";
    case SysctlAccess::kWritable:
    case SysctlAccess::kAbsent:
      break;
  }
  return {};
}

model::Sysctls read_sysctls(const fs::path& root, std::span<const std::string_view> names,
                            std::vector<model::UnreadFact>& unread) {
  model::Sysctls values;
  for (const std::string_view name : names) {
    auto value = read_sysctl(root, name);
    if (!value) {
      unread.push_back({.what = std::string(name), .why = value.error().what});
    } else if (*value) {
      values.emplace(name, std::move(**value));
    }
  }
  return values;
}

}  // namespace tcptrace::host
