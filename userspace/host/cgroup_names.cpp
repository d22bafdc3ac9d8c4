// SPDX-License-Identifier: GPL-2.0
#include "host/cgroup_names.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <functional>
#include <system_error>
#include <utility>

#include <fmt/core.h>

#include "base/text.h"
#include "host/container.h"
#include "host/procfs.h"

namespace tcptrace::host {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::seconds kPidKnowledge{1};

std::shared_ptr<const model::Cgroup> describe(std::string path) {
  auto cgroup = std::make_shared<model::Cgroup>();
  if (auto container = parse_container(path)) {
    cgroup->container = std::move(container->id);
    cgroup->runtime = std::move(container->runtime);
  }
  cgroup->path = std::move(path);
  return cgroup;
}

// The path of `absolute` as seen below `mount`: "/" for the mount point itself.
std::string below(const fs::path& mount, const std::string& absolute) {
  return absolute.size() <= mount.native().size() ? "/" : absolute.substr(mount.native().size());
}

// The kernel's file handle of a kernfs node is its 64-bit id ("kernfs: use 64bit inos if ino_t is
// 64bit", v5.5).
struct KernfsHandle {
  static constexpr int kFileidKernfs = 0xfe;
  unsigned int handle_bytes = sizeof(std::uint64_t);
  int handle_type = kFileidKernfs;
  std::array<unsigned char, sizeof(std::uint64_t)> id{};
};
static_assert(sizeof(KernfsHandle) == sizeof(file_handle) + sizeof(std::uint64_t));

Result<std::string> path_by_handle(int mount_fd, const fs::path& mount, std::uint64_t id) {
  KernfsHandle handle;
  std::memcpy(handle.id.data(), &id, sizeof(id));
  const UniqueFd fd(
      ::open_by_handle_at(mount_fd, reinterpret_cast<file_handle*>(&handle), O_PATH | O_CLOEXEC));
  if (!fd.valid()) {
    return std::unexpected(system_error("open_by_handle_at", errno));
  }
  std::error_code failure;
  const fs::path path = fs::read_symlink(fmt::format("/proc/self/fd/{}", fd.get()), failure);
  if (failure || !path.native().starts_with(mount.native())) {
    return std::unexpected(
        Error{.what = fmt::format("cgroup {} is not below {}", id, mount.native())});
  }
  return below(mount, path.native());
}

// Without the privilege to open by handle: on 64-bit kernels the inode number of the directory is
// the id.
std::optional<std::string> path_by_walk(const fs::path& mount, std::uint64_t id) {
  struct stat status {};
  if (::stat(mount.c_str(), &status) == 0 && status.st_ino == id) {
    return "/";
  }
  std::error_code failure;
  fs::recursive_directory_iterator it(mount, fs::directory_options::skip_permission_denied,
                                      failure);
  for (const fs::recursive_directory_iterator end; !failure && it != end; it.increment(failure)) {
    if (::lstat(it->path().c_str(), &status) == 0 && S_ISDIR(status.st_mode) &&
        status.st_ino == id) {
      return below(mount, it->path().native());
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<fs::path> cgroup2_mount(const fs::path& root) {
  const auto mounts = mounts_of_type(root, "cgroup2");
  if (mounts.empty()) {
    return std::nullopt;
  }
  return root / mounts.front().relative_path();
}

Result<std::uint64_t> cgroup_id(const fs::path& root, std::string_view path) {
  const auto mount = cgroup2_mount(root);
  if (!mount) {
    return std::unexpected(Error{.what = "no cgroup v2 hierarchy is mounted on this host",
                                 .status = ExitStatus::kUnsupported});
  }
  const fs::path given(path);
  const bool absolute = given.is_absolute() && given.native().starts_with(mount->native());
  const fs::path full = absolute ? given : *mount / given.relative_path();
  struct stat status {};
  if (path.empty() || ::stat(full.c_str(), &status) != 0 || !S_ISDIR(status.st_mode)) {
    return std::unexpected(Error{
        .what = fmt::format("no cgroup \"{}\" below {}", terminal_safe(path), mount->native())});
  }
  return status.st_ino;
}

std::string best_cgroup_path(std::string_view proc_cgroup) {
  std::string_view unified;
  std::string_view container;
  for (const std::string_view line : lines(proc_cgroup)) {
    // "hierarchy:controllers:path"; the v2 line is "0::path": cgroups(7).
    const std::size_t first = line.find(':');
    const std::size_t second = first == line.npos ? first : line.find(':', first + 1);
    if (second == line.npos) {
      continue;
    }
    const std::string_view path = line.substr(second + 1);
    const bool v2 = line.starts_with("0::");
    if (v2) {
      unified = path;
    }
    if ((v2 || container.empty()) && parse_container(path)) {
      container = path;
    }
  }
  return std::string(container.empty() ? unified : container);
}

std::size_t CgroupNames::KeyHash::operator()(const Key& key) const {
  return std::hash<std::uint64_t>()(key.cgroup_id ^ (std::uint64_t{key.pid} << 40));
}

CgroupNames::CgroupNames(fs::path root, std::size_t capacity)
    : root_(std::move(root)), capacity_(capacity), mount_(cgroup2_mount(root_)) {
  if (!mount_) {
    return;
  }
  mount_fd_.reset(::open(mount_->c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  struct statfs info {};
  if (::fstatfs(mount_fd_.get(), &info) != 0 || info.f_type != CGROUP2_SUPER_MAGIC) {
    mount_fd_.reset();
  }
}

std::shared_ptr<const model::Cgroup> CgroupNames::lookup(std::uint64_t id, std::uint32_t pid,
                                                         std::chrono::nanoseconds now) {
  CgroupPtr cgroup = id == 0 ? nullptr : by_id(id, now);
  if (pid == 0 || (cgroup != nullptr && !cgroup->container.empty())) {
    return cgroup;
  }
  const CgroupPtr process = by_pid(Key{.cgroup_id = id, .pid = pid}, now);
  // The process may have moved since the event: its word counts only where the cgroup's own says
  // less.
  const bool better = process != nullptr && (cgroup == nullptr || !process->container.empty());
  return better ? process : cgroup;
}

CgroupNames::Entry* CgroupNames::find(const Key& key) {
  const auto found = index_.find(key);
  if (found == index_.end()) {
    return nullptr;
  }
  entries_.splice(entries_.begin(), entries_, found->second);
  return &entries_.front();
}

const CgroupNames::CgroupPtr& CgroupNames::store(const Key& key, CgroupPtr cgroup,
                                                 std::chrono::nanoseconds now) {
  if (Entry* known = find(key)) {
    known->cgroup = std::move(cgroup);
    known->learnt = now;
    return known->cgroup;
  }
  entries_.push_front(Entry{.key = key, .cgroup = std::move(cgroup), .learnt = now});
  index_.emplace(key, entries_.begin());
  if (entries_.size() > capacity_) {
    index_.erase(entries_.back().key);
    entries_.pop_back();
  }
  return entries_.front().cgroup;
}

CgroupNames::CgroupPtr CgroupNames::by_id(std::uint64_t id, std::chrono::nanoseconds now) {
  const Key key{.cgroup_id = id};
  if (const Entry* known = find(key)) {
    return known->cgroup;
  }
  auto path = path_of(id);
  return store(key, path ? describe(std::move(*path)) : nullptr, now);
}

CgroupNames::CgroupPtr CgroupNames::by_pid(const Key& key, std::chrono::nanoseconds now) {
  const Entry* known = find(key);
  if (known != nullptr && now - known->learnt < kPidKnowledge) {
    return known->cgroup;
  }
  const auto text = read_file(proc_dir(root_, key.pid) / "cgroup");
  if (!text) {
    // It has exited: what was known of it is the best there is.
    return known == nullptr ? nullptr : known->cgroup;
  }
  std::string path = best_cgroup_path(*text);
  return store(key, path.empty() ? nullptr : describe(std::move(path)), now);
}

std::optional<std::string> CgroupNames::path_of(std::uint64_t id) const {
  if (!mount_) {
    return std::nullopt;
  }
  if (mount_fd_.valid()) {
    auto path = path_by_handle(mount_fd_.get(), *mount_, id);
    if (path) {
      return std::move(*path);
    }
    // ESTALE is an answer: there is no such cgroup any more.
    if (path.error().errno_code != EPERM) {
      return std::nullopt;
    }
  }
  return path_by_walk(*mount_, id);
}

}  // namespace tcptrace::host
