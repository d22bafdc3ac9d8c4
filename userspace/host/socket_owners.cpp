// SPDX-License-Identifier: GPL-2.0
#include "host/socket_owners.h"

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/cgroup_names.h"
#include "host/procfs.h"

namespace tcptrace::host {
namespace {

namespace fs = std::filesystem;

struct DirCloser {
  void operator()(DIR* directory) const { ::closedir(directory); }
};
using DirPtr = std::unique_ptr<DIR, DirCloser>;

std::optional<std::uint64_t> socket_inode(int directory, const char* name) {
  std::array<char, 64> link{};
  const ssize_t size = ::readlinkat(directory, name, link.data(), link.size());
  return link_inode({link.data(), size < 0 ? 0 : static_cast<std::size_t>(size)}, "socket");
}

std::vector<std::uint64_t> inodes_in(DIR* directory) {
  std::vector<std::uint64_t> inodes;
  while (const dirent* entry = ::readdir(directory)) {
    if (const auto inode = socket_inode(::dirfd(directory), entry->d_name)) {
      inodes.push_back(*inode);
    }
  }
  return inodes;
}

// The id of the process's cgroup; with `ancestors` also of those above it, from its own upwards.
std::vector<std::uint64_t> cgroups_of(const fs::path& root, const fs::path& mount,
                                      std::uint32_t pid, bool ancestors) {
  static constexpr std::string_view kVersion2 = "0::/";
  const auto text = read_file(proc_dir(root, pid) / "cgroup");
  std::vector<std::uint64_t> ids;
  for (const std::string_view line : lines(text ? *text : std::string_view())) {
    if (!line.starts_with(kVersion2)) {
      continue;
    }
    const fs::path below(line.substr(kVersion2.size()));
    for (fs::path path = below.empty() ? mount : mount / below;; path = path.parent_path()) {
      struct stat status {};
      if (::stat(path.c_str(), &status) != 0) {
        break;
      }
      ids.push_back(status.st_ino);
      if (!ancestors || path == mount) {
        break;
      }
    }
  }
  return ids;
}

class OwnerReader {
 public:
  OwnerReader(const fs::path& root, const model::Filter& filter, model::SocketOwners& owners)
      : root_(root), filter_(filter), owners_(owners), cgroup_mount_(cgroup2_mount(root)) {}

  // False: it may not be looked at.
  bool read(std::uint32_t pid);

 private:
  // Empty: it is gone, or not meant.
  [[nodiscard]] std::optional<model::Process> describe(std::uint32_t pid) const;

  const fs::path& root_;
  const model::Filter& filter_;
  model::SocketOwners& owners_;
  std::optional<fs::path> cgroup_mount_;
};

std::optional<model::Process> OwnerReader::describe(std::uint32_t pid) const {
  const auto status = read_file(proc_dir(root_, pid) / "status");
  const auto uids = status ? status_value(*status, "Uid") : std::nullopt;
  if (!uids) {
    return std::nullopt;
  }
  model::Process process{.pid = pid, .tid = pid, .source = model::OwnerSource::kSeed, .cgroup = {}};
  const std::vector<std::string_view> all = fields(*uids);
  process.uid = all.empty() ? 0 : parse_number<std::uint32_t>(all.front()).value_or(0);
  const std::string comm = comm_of(root_, pid);
  comm.copy(process.comm.data(), process.comm.size() - 1);
  const auto cgroups = cgroup_mount_
                           ? cgroups_of(root_, *cgroup_mount_, pid, !filter_.cgroups.empty())
                           : std::vector<std::uint64_t>();
  process.cgroup_id = cgroups.empty() ? 0 : cgroups.front();
  const bool in_cgroup = filter_.cgroups.empty() ||
                         std::ranges::find_first_of(cgroups, filter_.cgroups) != cgroups.end();
  if (!in_cgroup || !model::empty_or_has(filter_.comms, process.comm_view())) {
    return std::nullopt;
  }
  return process;
}

bool OwnerReader::read(std::uint32_t pid) {
  if (!model::empty_or_has(filter_.pids, pid)) {
    return true;
  }
  const DirPtr directory(::opendir((proc_dir(root_, pid) / "fd").c_str()));
  if (!directory) {
    return errno != EACCES && errno != EPERM;
  }
  const std::vector<std::uint64_t> inodes = inodes_in(directory.get());
  if (inodes.empty()) {
    return true;
  }
  if (const auto process = describe(pid)) {
    for (const std::uint64_t inode : inodes) {
      owners_.add(inode, *process);
    }
  }
  return true;
}

}  // namespace

std::uint64_t read_socket_owners(const fs::path& root, const model::Filter& filter,
                                 model::SocketOwners& owners) {
  OwnerReader reader(root, filter, owners);
  std::uint64_t unread = 0;
  for (const std::uint32_t pid : list_pids(root)) {
    unread += reader.read(pid) ? 0 : 1;
  }
  return unread;
}

}  // namespace tcptrace::host
