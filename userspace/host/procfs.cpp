// SPDX-License-Identifier: GPL-2.0
#include "host/procfs.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>

#include <fmt/core.h>

#include "base/unique_fd.h"

namespace tcptrace::host {
namespace {

// mountinfo writes blanks and backslashes of a path as \ooo.
std::string unescape(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto octal =
        text[i] == '\\' ? parse_number<unsigned>(text.substr(i + 1, 3), 8) : std::nullopt;
    if (octal && i + 3 < text.size()) {
      out += static_cast<char>(*octal);
      i += 3;
    } else {
      out += text[i];
    }
  }
  return out;
}

}  // namespace

Result<std::string> read_file(const std::filesystem::path& path, std::size_t limit) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.valid()) {
    return std::unexpected(system_error(fmt::format("cannot open {}", path.native()), errno));
  }
  std::string text;
  std::array<char, 16384> chunk{};
  for (;;) {
    const ssize_t n = ::read(fd.get(), chunk.data(), std::min(chunk.size(), limit - text.size()));
    if (n == 0) {
      return text;
    }
    if (n > 0) {
      text.append(chunk.data(), static_cast<std::size_t>(n));
    } else if (errno != EINTR) {
      return std::unexpected(system_error(fmt::format("cannot read {}", path.native()), errno));
    }
  }
}

std::filesystem::path proc_dir(const std::filesystem::path& root, std::uint32_t pid) {
  return root / "proc" / fmt::format("{}", pid);
}

std::optional<std::string_view> status_value(std::string_view status, std::string_view key) {
  for (const std::string_view line : lines(status)) {
    if (line.starts_with(key) && line.substr(key.size()).starts_with(':')) {
      const std::string_view value = line.substr(key.size() + 1);
      return value.substr(std::min(value.find_first_not_of(" \t"), value.size()));
    }
  }
  return std::nullopt;
}

std::optional<std::uint64_t> link_inode(std::string_view link, std::string_view type) {
  if (!link.starts_with(type)) {
    return std::nullopt;
  }
  link.remove_prefix(type.size());
  if (!link.starts_with(":[") || !link.ends_with(']')) {
    return std::nullopt;
  }
  return parse_number<std::uint64_t>(link.substr(2, link.size() - 3));
}

std::vector<std::uint32_t> list_pids(const std::filesystem::path& root) {
  std::vector<std::uint32_t> pids;
  std::error_code failure;
  for (std::filesystem::directory_iterator it(root / "proc", failure), end; !failure && it != end;
       it.increment(failure)) {
    if (const auto pid = parse_number<std::uint32_t>(it->path().filename().native())) {
      pids.push_back(*pid);
    }
  }
  std::ranges::sort(pids);
  return pids;
}

std::optional<std::uint32_t> thread_group(const std::filesystem::path& root, std::uint32_t pid) {
  // /proc has a hidden directory for every thread, so that a directory exists proves no process.
  const auto status = read_file(proc_dir(root, pid) / "status");
  const auto group = status ? status_value(*status, "Tgid") : std::nullopt;
  return group ? parse_number<std::uint32_t>(*group) : std::nullopt;
}

bool in_initial_pid_namespace(const std::filesystem::path& root) {
  std::error_code failure;
  const auto link = std::filesystem::read_symlink(root / "proc/self/ns/pid", failure);
  return failure || link == "pid:[4026531836]";
}

std::string comm_of(const std::filesystem::path& root, std::uint32_t pid) {
  auto comm = read_file(proc_dir(root, pid) / "comm");
  if (!comm) {
    return {};
  }
  if (comm->ends_with('\n')) {
    comm->pop_back();
  }
  return std::move(*comm);
}

std::vector<std::filesystem::path> mounts_of_type(const std::filesystem::path& root,
                                                  std::string_view type) {
  std::vector<std::filesystem::path> mounts;
  const auto text = read_file(root / "proc/self/mountinfo");
  for (const std::string_view line : lines(text ? *text : std::string_view())) {
    // "36 35 98:0 /root /mount/point options [optional fields] - type source options": proc(5).
    const std::vector<std::string_view> all = fields(line);
    const auto dash = std::ranges::find(all, "-");
    if (all.size() > 5 && all.end() - dash > 1 && dash[1] == type) {
      mounts.emplace_back(unescape(all[4]));
    }
  }
  return mounts;
}

}  // namespace tcptrace::host
