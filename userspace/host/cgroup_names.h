// SPDX-License-Identifier: GPL-2.0
// Cgroup v2 ids to paths and containers. Bounded cache; knows nothing of events.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/result.h"
#include "base/unique_fd.h"
#include "model/event.h"

namespace tcptrace::host {

// Where the cgroup v2 hierarchy is mounted: /sys/fs/cgroup, or /sys/fs/cgroup/unified beside v1
// hierarchies. Empty: it is not.
[[nodiscard]] std::optional<std::filesystem::path> cgroup2_mount(const std::filesystem::path& root);

// The id of a cgroup given by its path below the mount point or by its absolute path.
[[nodiscard]] Result<std::uint64_t> cgroup_id(const std::filesystem::path& root,
                                              std::string_view path);

// Which path in the text of /proc/PID/cgroup says most about a process: the v2 line's, unless that
// names no container and a v1 line's does.
[[nodiscard]] std::string best_cgroup_path(std::string_view proc_cgroup);

class CgroupNames {
 public:
  explicit CgroupNames(std::filesystem::path root = "/", std::size_t capacity = 8192);

  // The cgroup `id`, and where that says nothing of a container (v1 and hybrid hosts, a cgroup
  // removed since), that of process `pid`. `now` is the time of the event, on any one clock: pids
  // are reused, so what was learnt from a pid is asked again after a second. Null: nothing is
  // known.
  [[nodiscard]] std::shared_ptr<const model::Cgroup> lookup(std::uint64_t id, std::uint32_t pid,
                                                            std::chrono::nanoseconds now);

 private:
  using CgroupPtr = std::shared_ptr<const model::Cgroup>;
  // Ids of cgroups are never reused; those of processes are.
  struct Key {
    std::uint64_t cgroup_id = 0;
    std::uint32_t pid = 0;  // 0: what the cgroup itself says
    friend bool operator==(const Key&, const Key&) = default;
  };
  struct KeyHash {
    std::size_t operator()(const Key& key) const;
  };
  struct Entry {
    Key key;
    CgroupPtr cgroup;
    std::chrono::nanoseconds learnt{};
  };

  Entry* find(const Key& key);
  const CgroupPtr& store(const Key& key, CgroupPtr cgroup, std::chrono::nanoseconds now);
  CgroupPtr by_id(std::uint64_t id, std::chrono::nanoseconds now);
  CgroupPtr by_pid(const Key& key, std::chrono::nanoseconds now);
  [[nodiscard]] std::optional<std::string> path_of(std::uint64_t id) const;

  std::filesystem::path root_;
  std::size_t capacity_;
  std::optional<std::filesystem::path> mount_;
  UniqueFd mount_fd_;         // valid: a real cgroup2 mount, where ids can be opened
  std::list<Entry> entries_;  // most recently used first
  std::unordered_map<Key, std::list<Entry>::iterator, KeyHash> index_;
};

}  // namespace tcptrace::host
